import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import {
  ACK,
  dataFrames,
  END_HEADERS,
  END_STREAM,
  frame,
  type FrameHead,
  FrameReader,
  FrameType,
  initialWindow,
  preface,
  windowUpdate,
} from './frames.ts';
import { readStatus } from './headers.ts';

const GRPC_PREFIX_BYTES = 5;
const REFILL_BYTES = 2 ** 30;
const CONNECT_TIMEOUT_MS = 10_000;

/** What a stream of the connection hears. */
export interface StreamListener {
  /** Headers came: the call is accepted. */
  onHeaders?(): void;
  /** One whole message. It is part of what was read: copy it to keep it. */
  onMessage(message: Buffer): void;
  /** The call is over. @param status its gRPC status by name, `OK` among them. */
  onEnd(status: string): void;
}

export interface ConnectionOptions {
  /** What the server may send before it is granted more; without it, as much as it likes. */
  readonly windowBytes?: number;
}

interface Stream {
  readonly listener: StreamListener;
  status: string | undefined;
  /** What has come of a message that is not whole yet, and how many bytes more are worth a look. */
  parts: Buffer[];
  missing: number;
  window: number;
  /** What the window has not let out yet. */
  unsent: Buffer | undefined;
}

/**
 * A connection to a gRPC server that costs next to nothing: neither node:http2 nor grpc-js as a client keeps up with a
 * grpc-js server, and what is measured must be the server. It serves one server on the loopback interface, which it
 * trusts, and sends no more than it must.
 */
export class Connection implements AsyncDisposable {
  readonly #socket: Socket;
  readonly #streams = new Map<number, Stream>();
  #nextId = 1;
  #sendWindow = 65_535;
  #initialWindow = 65_535;
  #received = 0;
  #isCorked = false;
  readonly #isEndless: boolean;

  private constructor(socket: Socket, { windowBytes }: ConnectionOptions) {
    this.#socket = socket;
    this.#isEndless = windowBytes === undefined;
    const reader = new FrameReader((head, payload) => this.#onFrame(head, payload));
    socket.on('data', (chunk: Buffer) => reader.push(chunk));
    socket.on('close', () => this.#endAll('connection lost'));
    socket.on('error', () => undefined);
    socket.write(preface(windowBytes));
  }

  /** @param address host and port. @throws Error when nobody listens there. */
  static async open(address: string, options: ConnectionOptions = {}): Promise<Connection> {
    const [host = '', port = ''] = address.split(':');
    const socket = createConnection({ host, port: Number(port), noDelay: true });
    await once(socket, 'connect', { signal: AbortSignal.timeout(CONNECT_TIMEOUT_MS) });
    return new Connection(socket, options);
  }

  /** Begins a call with one request. */
  call(headers: Buffer, message: Uint8Array, listener: StreamListener): void {
    const streamId = this.#nextId;
    this.#nextId += 2;
    const prefixed = Buffer.allocUnsafe(GRPC_PREFIX_BYTES + message.length);
    prefixed.writeUInt8(0);
    prefixed.writeUInt32BE(message.length, 1);
    prefixed.set(message, GRPC_PREFIX_BYTES);
    const window = this.#initialWindow;
    const stream: Stream = {
      listener,
      status: undefined,
      parts: [],
      missing: GRPC_PREFIX_BYTES,
      window,
      unsent: prefixed,
    };
    this.#streams.set(streamId, stream);
    this.#write(frame({ type: FrameType.Headers, flags: END_HEADERS, streamId }, headers));
    this.#sendData(streamId, stream);
  }

  /** Lets the server send so much more, on the connection and on each of its streams. */
  grant(bytes: number): void {
    this.#write(windowUpdate(0, bytes));
    for (const streamId of this.#streams.keys()) this.#write(windowUpdate(streamId, bytes));
  }

  /** Reads and answers nothing from now on, as a client whose machine is gone. */
  freeze(): void {
    this.#socket.pause();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.destroy();
    await once(this.#socket, 'close');
  }

  #sendData(streamId: number, stream: Stream): void {
    const { unsent } = stream;
    if (unsent === undefined) return;
    const size = Math.min(unsent.length, stream.window, this.#sendWindow);
    if (size <= 0) return;
    const isLast = size === unsent.length;
    stream.window -= size;
    this.#sendWindow -= size;
    stream.unsent = isLast ? undefined : unsent.subarray(size);
    this.#write(dataFrames(streamId, unsent.subarray(0, size), isLast));
  }

  /** What is written in one turn leaves in one piece. */
  #write(bytes: Buffer): void {
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(() => {
        this.#isCorked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(bytes);
  }

  #onFrame({ type, flags, streamId }: FrameHead, payload: Buffer): void {
    if (type === FrameType.Data) this.#onData({ flags, streamId }, payload);
    else if (type === FrameType.Headers) this.#onHeaders({ flags, streamId }, payload);
    else if (type === FrameType.WindowUpdate) this.#onWindowUpdate(streamId, payload.readUInt32BE());
    else if (type === FrameType.Reset) this.#end(streamId, 'reset');
    else if ((flags & ACK) !== 0) return;
    else if (type === FrameType.Settings) this.#onSettings(payload);
    else if (type === FrameType.Ping) this.#write(frame({ type, flags: ACK, streamId: 0 }, payload));
  }

  #onSettings(settings: Buffer): void {
    const window = initialWindow(settings);
    this.#write(frame({ type: FrameType.Settings, flags: ACK, streamId: 0 }));
    if (window === undefined) return;
    for (const stream of this.#streams.values()) stream.window += window - this.#initialWindow;
    this.#initialWindow = window;
    this.#sendAll();
  }

  #onWindowUpdate(streamId: number, increment: number): void {
    if (streamId === 0) this.#sendWindow += increment;
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) stream.window += increment;
    this.#sendAll();
  }

  #sendAll(): void {
    for (const [streamId, stream] of this.#streams) this.#sendData(streamId, stream);
  }

  #onHeaders({ flags, streamId }: Omit<FrameHead, 'type'>, block: Buffer): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    stream.status ??= readStatus(block);
    if ((flags & END_STREAM) === 0) stream.listener.onHeaders?.();
    else this.#end(streamId, stream.status ?? 'no status');
  }

  #onData({ flags, streamId }: Omit<FrameHead, 'type'>, payload: Buffer): void {
    this.#received += payload.length;
    if (this.#isEndless && this.#received > REFILL_BYTES) {
      this.#write(windowUpdate(0, this.#received));
      this.#received = 0;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) return;
    readMessages(stream, payload);
    if ((flags & END_STREAM) !== 0) this.#end(streamId, stream.status ?? 'no status');
  }

  #end(streamId: number, status: string): void {
    const stream = this.#streams.get(streamId);
    this.#streams.delete(streamId);
    stream?.listener.onEnd(status);
  }

  #endAll(status: string): void {
    for (const streamId of this.#streams.keys()) this.#end(streamId, status);
  }
}

/** Hands over the messages that are whole. */
function readMessages(stream: Stream, payload: Buffer): void {
  if (payload.length < stream.missing) {
    stream.parts.push(payload);
    stream.missing -= payload.length;
    return;
  }
  const bytes = stream.parts.length === 0 ? payload : Buffer.concat([...stream.parts, payload]);
  let start = 0;
  let end = GRPC_PREFIX_BYTES;
  for (; end <= bytes.length; end = start + GRPC_PREFIX_BYTES) {
    end += bytes.readUInt32BE(start + 1);
    if (end > bytes.length) break;
    stream.listener.onMessage(bytes.subarray(start + GRPC_PREFIX_BYTES, end));
    start = end;
  }
  stream.parts = start === bytes.length ? [] : [bytes.subarray(start)];
  stream.missing = end - bytes.length;
}
