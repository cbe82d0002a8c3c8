import type { Instant } from '@orchestrator/lib';
import { entryKey } from './keys.ts';
import type { LedgerStub, StateEntry } from './stub.ts';

/** Where a transaction runs. */
export interface LedgerTransactionOptions {
  readonly stub: LedgerStub;
  readonly txId: string;
  /** The proposal's time. */
  readonly instant: Instant;
  /** Scans in pages, and can write nothing. */
  readonly readOnly: boolean;
}

/** A key with its value as text. */
export interface TextEntry {
  readonly key: string;
  readonly text: string;
}

/** What one transaction adds to one index: one state value, or a chunk of it when there is much. */
interface IndexEntry {
  readonly docType: string;
  /** How many items the chunks before it have. */
  readonly first: number;
  /** JSON texts. */
  readonly items: string[];
}

/** The chunk of an index that takes the next items. */
interface OpenChunk {
  readonly number: number;
  readonly entry: IndexEntry;
  size: number;
}

/** Most characters of the items of a chunk that has several: a page of a scan must fit into a message. */
const MAX_CHUNK_SIZE = 65_536;
const FIRST_PAGE_SIZE = 100;
/** With chunks as large as they may be, a page has 32 MB. */
const PAGE_SIZE = 500;
/**
 * A scan outside of pages is cut silently where the peer's `totalQueryLimit` (100,000 unless changed) says. Behind so
 * many records, or a multiple of them, the scan is begun anew to see whether more follows. It divides every limit in use.
 */
const CUT_CHECK_RECORDS = 1000;
/** Behind a key this makes one that comes after it and before all others: keys are printable ASCII. */
const NEXT_KEY = '!';

/**
 * One transaction on the ledger: each key is read once, writes are kept back and seen by the own reads, and go to the
 * peer together at the end, in the order of their keys.
 */
export class LedgerTransaction {
  readonly txId: string;
  readonly instant: Instant;
  readonly readOnly: boolean;
  readonly #stub: LedgerStub;
  readonly #reads = new Map<string, Promise<string | undefined>>();
  readonly #writes = new Map<string, string | IndexEntry>();
  readonly #chunks = new Map<string, OpenChunk>();
  #tail: Promise<void> = Promise.resolve();
  #sequence = 0;

  constructor({ stub, txId, instant, readOnly }: LedgerTransactionOptions) {
    this.#stub = stub;
    this.txId = txId;
    this.instant = instant;
    this.readOnly = readOnly;
  }

  /** A number for each item whose order in the transaction counts. */
  nextSequence(): number {
    this.#sequence += 1;
    return this.#sequence;
  }

  /** Queues work that has to read before it writes. What it throws fails later reads and the flush. */
  later(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work);
    // Whoever waits for it sees the failure; this only keeps it from being nobody's.
    this.#tail.catch(() => undefined);
  }

  /** Waits for the queued work: reads from outside of it begin with this. */
  settled(): Promise<void> {
    return this.#tail;
  }

  /** The value of a key: the own write, or what is committed. */
  get(key: string): Promise<string | undefined> {
    const own = this.#writes.get(key);
    if (own !== undefined) return Promise.resolve(textOf(own));
    let read = this.#reads.get(key);
    if (read === undefined) {
      read = this.#stub.getState(key).then((value) => (value.length === 0 ? undefined : decode(value)));
      this.#reads.set(key, read);
    }
    return read;
  }

  put(key: string, text: string): void {
    this.#requireWritable();
    this.#writes.set(key, text);
  }

  /**
   * Adds items, as JSON texts, to what this transaction adds to an index.
   *
   * @returns how many chunks there are now.
   */
  append(prefix: string, items: readonly string[], docType = 'index'): number {
    this.#requireWritable();
    for (const item of items) {
      const chunk = this.#chunkFor(prefix, item.length, docType);
      chunk.entry.items.push(item);
      chunk.size += item.length;
    }
    return (this.#chunks.get(prefix)?.number ?? -1) + 1;
  }

  #chunkFor(prefix: string, size: number, docType: string): OpenChunk {
    const open = this.#chunks.get(prefix);
    if (open !== undefined && open.size + size <= MAX_CHUNK_SIZE) return open;
    const number = open === undefined ? 0 : open.number + 1;
    const first = open === undefined ? 0 : open.entry.first + open.entry.items.length;
    const chunk: OpenChunk = { number, entry: { docType, first, items: [] }, size: 0 };
    this.#chunks.set(prefix, chunk);
    this.#writes.set(entryKey(prefix, this, number), chunk.entry);
    return chunk;
  }

  #requireWritable(): void {
    if (this.readOnly) throw new Error('a reading transaction cannot write');
  }

  /**
   * The keys from `start` to before `end`, in order, own writes included.
   *
   * @param maxPageSize for values that may be larger than a chunk.
   */
  async *scan(start: string, end: string, maxPageSize = PAGE_SIZE): AsyncGenerator<TextEntry, void, undefined> {
    const own = this.#ownBetween(start, end);
    let next = own.shift();
    const committed = this.readOnly ? this.#scanPages(start, end, maxPageSize) : this.#scanWhole(start, end);
    for await (const { key, value } of committed) {
      while (next !== undefined && next.key < key) {
        yield next;
        next = own.shift();
      }
      if (next?.key === key) continue;
      yield { key, text: decode(value) };
    }
    if (next !== undefined) yield next;
    yield* own;
  }

  #ownBetween(start: string, end: string): TextEntry[] {
    const own: TextEntry[] = [];
    for (const [key, written] of this.#writes) {
      if (key >= start && key < end) own.push({ key, text: textOf(written) });
    }
    return own.toSorted(byKey);
  }

  async *#scanPages(start: string, end: string, maxPageSize: number): AsyncGenerator<StateEntry, void, undefined> {
    let bookmark = '';
    let size = Math.min(FIRST_PAGE_SIZE, maxPageSize);
    do {
      const { iterator, metadata } = await this.#stub.getStateByRangeWithPagination(start, end, size, bookmark);
      for (let step = await iterator.next(); step.value !== undefined; step = await iterator.next()) yield step.value;
      bookmark = metadata === undefined || metadata.fetchedRecordsCount < size ? '' : metadata.bookmark;
      size = maxPageSize;
    } while (bookmark !== '');
  }

  // Iterators are left to the end of the transaction, where the peer closes them: closing costs a message.
  async *#scanWhole(start: string, end: string): AsyncGenerator<StateEntry, void, undefined> {
    let from = start;
    for (;;) {
      const iterator = await this.#stub.getStateByRange(from, end);
      let count = 0;
      let last = from;
      for (let step = await iterator.next(); step.value !== undefined; step = await iterator.next()) {
        count += 1;
        last = step.value.key;
        yield step.value;
      }
      if (count === 0 || count % CUT_CHECK_RECORDS !== 0) return;
      from = `${last}${NEXT_KEY}`;
    }
  }

  /** Sends all writes to the peer. @throws what the queued work threw. */
  async flush(): Promise<void> {
    await this.settled();
    const writes = [...this.#writes].map(([key, written]) => ({ key, text: textOf(written) }));
    await Promise.all(writes.toSorted(byKey).map(({ key, text }) => this.#stub.putState(key, Buffer.from(text, 'utf8'))));
  }
}

function textOf(written: string | IndexEntry): string {
  if (typeof written === 'string') return written;
  const first = written.first === 0 ? '' : `"first":${written.first},`;
  return `{"doc_type":${JSON.stringify(written.docType)},${first}"items":[${written.items.join(',')}]}`;
}

function byKey(a: TextEntry, b: TextEntry): number {
  return a.key < b.key ? -1 : 1;
}

function decode(value: Uint8Array): string {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
