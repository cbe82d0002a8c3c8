/** HTTP/2 frames (RFC 9113), as much of them as a client of a gRPC server on the loopback interface needs. */

export const FrameType = { Data: 0, Headers: 1, Reset: 3, Settings: 4, Ping: 6, GoAway: 7, WindowUpdate: 8 } as const;

/** Acknowledges SETTINGS and PING. */
export const ACK = 1;
export const END_STREAM = 1;
export const END_HEADERS = 4;

const FRAME_HEADER_BYTES = 9;
const MAX_FRAME_BYTES = 16_384;
const MAX_WINDOW_BYTES = 2 ** 31 - 1;
const DEFAULT_WINDOW_BYTES = 65_535;

const SETTING_HEADER_TABLE_SIZE = 1;
const SETTING_ENABLE_PUSH = 2;
const SETTING_INITIAL_WINDOW_SIZE = 4;
const SETTING_BYTES = 6;

export interface FrameHead {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
}

/** One frame. */
export function frame({ type, flags, streamId }: FrameHead, payload: Buffer = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.allocUnsafe(FRAME_HEADER_BYTES + payload.length);
  bytes.writeUIntBE(payload.length, 0, 3);
  bytes.writeUInt8(type, 3);
  bytes.writeUInt8(flags, 4);
  bytes.writeUInt32BE(streamId, 5);
  payload.copy(bytes, FRAME_HEADER_BYTES);
  return bytes;
}

/** The DATA frames that carry the bytes; the last one ends the stream when it is told to. */
export function dataFrames(streamId: number, bytes: Buffer, isLast: boolean): Buffer {
  const frames: Buffer[] = [];
  for (let start = 0; start < bytes.length; start += MAX_FRAME_BYTES) {
    const part = bytes.subarray(start, start + MAX_FRAME_BYTES);
    const flags = isLast && start + part.length === bytes.length ? END_STREAM : 0;
    frames.push(frame({ type: FrameType.Data, flags, streamId }, part));
  }
  return frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames);
}

/** Gives the server `bytes` more to send: of a stream, or of the connection (stream 0). */
export function windowUpdate(streamId: number, bytes: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return frame({ type: FrameType.WindowUpdate, flags: 0, streamId }, payload);
}

/**
 * What a client begins with: the server keeps no table of headers, so that each block of them stands by itself.
 *
 * @param windowBytes how much the server may send on a stream before it hears more; without it, it never waits.
 */
export function preface(windowBytes?: number): Buffer {
  const settings: readonly (readonly [number, number])[] = [
    [SETTING_HEADER_TABLE_SIZE, 0],
    [SETTING_ENABLE_PUSH, 0],
    [SETTING_INITIAL_WINDOW_SIZE, windowBytes ?? MAX_WINDOW_BYTES],
  ];
  const payload = Buffer.alloc(settings.length * SETTING_BYTES);
  for (const [index, [id, value]] of settings.entries()) {
    payload.writeUInt16BE(id, index * SETTING_BYTES);
    payload.writeUInt32BE(value, index * SETTING_BYTES + 2);
  }
  const isEndless = windowBytes === undefined;
  return Buffer.concat([
    Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
    frame({ type: FrameType.Settings, flags: 0, streamId: 0 }, payload),
    isEndless ? windowUpdate(0, MAX_WINDOW_BYTES - DEFAULT_WINDOW_BYTES) : Buffer.alloc(0),
  ]);
}

/** The window that a server's SETTINGS give to each new stream; undefined when they do not say. */
export function initialWindow(settings: Buffer): number | undefined {
  for (let start = 0; start + SETTING_BYTES <= settings.length; start += SETTING_BYTES) {
    if (settings.readUInt16BE(start) === SETTING_INITIAL_WINDOW_SIZE) return settings.readUInt32BE(start + 2);
  }
  return undefined;
}

/** Takes the bytes of a connection and hands over its frames. A payload is part of the bytes, nothing is copied. */
export class FrameReader {
  readonly #onFrame: (head: FrameHead, payload: Buffer) => void;
  #rest: Buffer = Buffer.alloc(0);

  constructor(onFrame: (head: FrameHead, payload: Buffer) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    while (bytes.length - start >= FRAME_HEADER_BYTES) {
      const end = start + FRAME_HEADER_BYTES + bytes.readUIntBE(start, 3);
      if (end > bytes.length) break;
      const head = {
        type: bytes[start + 3] ?? 0,
        flags: bytes[start + 4] ?? 0,
        streamId: bytes.readUInt32BE(start + 5),
      };
      this.#onFrame(head, bytes.subarray(start + FRAME_HEADER_BYTES, end));
      start = end;
    }
    this.#rest = bytes.subarray(start);
  }
}
