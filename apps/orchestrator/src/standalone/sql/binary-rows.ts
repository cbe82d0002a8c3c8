import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { Client, type ClientConfig } from 'pg';

/** What pg's connection has besides what its types say. */
interface RawConnection extends EventEmitter {
  /** Called once the stream is there, after the handshake of TLS where there is one. */
  attachListeners(stream: Pick<EventEmitter, 'on'>): void;
}

interface RowDescription {
  readonly fields: readonly { readonly format: string }[];
}

/** A message of PostgreSQL begins with its kind, a byte, and its length, which counts itself. */
const KIND_BYTES = 1;
const HEAD_BYTES = 5;
const DATA_ROW = 0x44;
const ROW_DESCRIPTION = 0x54;
const NO_BYTES: Buffer = Buffer.alloc(0);

/** A session that can read rows in PostgreSQL's binary form, which a query asks for by `binary: true`. */
export class BinaryClient extends Client {
  constructor(config?: ClientConfig) {
    super(config);
    readBinaryRows(this.connection as unknown as RawConnection);
  }
}

/**
 * pg can ask for the binary form, but makes text of whatever comes: only bytes as hex survive that, twice as long, by way
 * of a string and of buffers that grow by doubling, one or two MiB for a page of 100 KiB. So rows in the binary form are
 * taken out of what the server sends, and all the rest goes to pg's own parser, in the order in which it came.
 */
function readBinaryRows(connection: RawConnection): void {
  const attachListeners = connection.attachListeners.bind(connection);
  connection.attachListeners = (stream) => {
    const rest = new EventEmitter();
    const splitter = new RowSplitter({
      pass: (bytes) => rest.emit('data', bytes),
      row: (fields) => connection.emit('dataRow', { name: 'dataRow', fields }),
    });
    connection.on('rowDescription', ({ fields }: RowDescription) => {
      splitter.isBinary = fields.some(({ format }) => format === 'binary');
    });
    attachListeners(rest);
    (stream as Duplex).on('data', (chunk: Buffer) => splitter.push(chunk));
  };
}

/** Where the splitter's two kinds of things go. */
interface Outlets {
  /** Whole messages or parts of them. */
  pass(bytes: Buffer): void;
  row(fields: readonly (Uint8Array | null)[]): void;
}

/** Splits what the server sends into rows in the binary form and everything else. */
export class RowSplitter {
  /** Whether the rows to come are in the binary form. */
  isBinary = false;
  readonly #outlets: Outlets;
  /** The begin of a message whose length has not come yet. */
  #head = NO_BYTES;
  /** How much of a message that was passed on is still to come. */
  #passing = 0;
  /** A row that is not whole yet, and how much of it there is. */
  #row: Buffer | undefined;
  #rowBytes = 0;

  constructor(outlets: Outlets) {
    this.#outlets = outlets;
  }

  push(chunk: Buffer): void {
    const bytes = this.#head.length === 0 ? chunk : Buffer.concat([this.#head, chunk]);
    this.#head = NO_BYTES;
    let start = this.#finishPassing(bytes);
    let at = this.#row === undefined ? start : (start = this.#addToRow(bytes, start));
    while (at + HEAD_BYTES <= bytes.length) {
      const kind = bytes[at];
      const end = at + KIND_BYTES + bytes.readUInt32BE(at + KIND_BYTES);
      if (kind === DATA_ROW && this.isBinary) {
        this.#pass(bytes, start, at);
        at = this.#beginRow(bytes, at + HEAD_BYTES, end);
        start = at;
      } else {
        at = Math.min(end, bytes.length);
        this.#passing = end - at;
        // It tells of the form of the rows behind it.
        if (kind === ROW_DESCRIPTION) start = this.#pass(bytes, start, at);
      }
    }
    this.#pass(bytes, start, at);
    this.#head = at === bytes.length ? NO_BYTES : bytes.subarray(at);
  }

  #finishPassing(bytes: Buffer): number {
    const end = Math.min(this.#passing, bytes.length);
    this.#passing -= end;
    return this.#pass(bytes, 0, end);
  }

  #pass(bytes: Buffer, start: number, end: number): number {
    if (end > start) this.#outlets.pass(bytes.subarray(start, end));
    return end;
  }

  /** Rows get memory of their own: they may be kept for long, what was read with them need not. */
  #beginRow(bytes: Buffer, start: number, end: number): number {
    this.#row = Buffer.allocUnsafe(end - start);
    this.#rowBytes = 0;
    return this.#addToRow(bytes, start);
  }

  #addToRow(bytes: Buffer, start: number): number {
    const row = this.#row;
    if (row === undefined) return start;
    const added = bytes.copy(row, this.#rowBytes, start);
    this.#rowBytes += added;
    if (this.#rowBytes === row.length) {
      this.#row = undefined;
      this.#outlets.row(fieldsOf(row));
    }
    return start + added;
  }
}

function fieldsOf(row: Buffer): readonly (Uint8Array | null)[] {
  const fields: (Uint8Array | null)[] = [];
  let at = 2;
  for (let left = row.readUInt16BE(0); left > 0; left -= 1) {
    const length = row.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? null : row.subarray(at, at + length));
    at += Math.max(0, length);
  }
  return fields;
}
