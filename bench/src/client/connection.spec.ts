import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Connection } from './connection.ts';
import { type FrameHead, FrameReader, frame } from './frames.ts';
import { encodeHeaders } from './headers.ts';

const MESSAGES = 1000;
const identity = (bytes: Buffer): Buffer => bytes;

type Stream = ServerWritableStream<Buffer, Buffer>;

let server: Server;
let address: string;

/** Answers `echo` with the request and `fail` with the status that the request names. */
function startServer(): Promise<string> {
  server = new Server({ 'grpc.max_receive_message_length': -1 });
  server.register<Buffer, Buffer>(
    '/test/echo',
    (call: { request: Buffer }, respond: (error: null, answer: Buffer) => void) => respond(null, call.request),
    identity,
    identity,
    'unary',
  );
  const fail = (call: { request: Buffer }, respond: (error: { code: status; details: string }) => void) =>
    respond({ code: Number(call.request.toString()), details: 'a message that Huffman would shorten' });
  server.register<Buffer, Buffer>('/test/fail', fail, identity, identity, 'unary');
  const stream = (call: Stream): void => {
    for (let index = 0; index < MESSAGES; index += 1)
      call.write(Buffer.from(String(index).padStart(1 + (index % 3000), '0')));
    call.end();
  };
  server.register<Buffer, Buffer>('/test/stream', stream, identity, identity, 'serverStream');
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error === null) resolve(`127.0.0.1:${port}`);
      else reject(error);
    });
  });
}

beforeAll(async () => {
  address = await startServer();
});

afterAll(() => {
  server.forceShutdown();
});

interface Answer {
  readonly status: string;
  readonly messages: readonly Buffer[];
}

function call(connection: Connection, method: string, request: Buffer): Promise<Answer> {
  return new Promise((resolve) => {
    const messages: Buffer[] = [];
    connection.call(encodeHeaders(`/test/${method}`, { mspid: 'MyOrg1MSP' }), request, {
      onMessage: (message) => messages.push(Buffer.from(message)),
      onEnd: (end) => resolve({ status: end, messages }),
    });
  });
}

describe('calls of a grpc-js server', () => {
  it.each([0, 1, 16_379, 16_384, 70_000, 3_000_000])('carry %i bytes there and back', async (size) => {
    await using connection = await Connection.open(address);
    const request = Buffer.alloc(size, 'abc');
    const answers = await Promise.all([1, 2, 3].map(() => call(connection, 'echo', request)));
    for (const answer of answers) {
      expect(answer.status).toBe('OK');
      expect(answer.messages.map((message) => message.compare(request))).toEqual([0]);
    }
  });

  it.each([status.CANCELLED, status.NOT_FOUND, status.ABORTED, status.UNAUTHENTICATED])(
    'tell status %i',
    async (code) => {
      await using connection = await Connection.open(address);
      const { status: name, messages } = await call(connection, 'fail', Buffer.from(String(code)));
      expect([name, messages]).toEqual([status[code], []]);
    },
  );

  it('bring the messages of a stream in order', async () => {
    await using connection = await Connection.open(address);
    const { status: name, messages } = await call(connection, 'stream', Buffer.alloc(0));
    expect(name).toBe('OK');
    expect(messages.map(Number)).toEqual(Array.from({ length: MESSAGES }, (_, index) => index));
  });

  it('end with the connection', async () => {
    const connection = await Connection.open(address);
    const answer = call(connection, 'echo', Buffer.alloc(10));
    await connection[Symbol.asyncDispose]();
    expect(await answer).toEqual({ status: 'connection lost', messages: [] });
  });
});

it('reads frames wherever the bytes are cut', () => {
  const heads: FrameHead[] = [
    { type: 0, flags: 1, streamId: 1 },
    { type: 6, flags: 0, streamId: 0 },
    { type: 1, flags: 5, streamId: 2 ** 31 - 1 },
  ];
  const bytes = Buffer.concat(heads.map((head, index) => frame(head, Buffer.alloc(index * 7, index))));
  for (const size of [1, 2, 8, 9, 10, bytes.length]) {
    const seen: [FrameHead, number][] = [];
    const reader = new FrameReader((head, payload) => seen.push([head, payload.length]));
    for (let start = 0; start < bytes.length; start += size) reader.push(bytes.subarray(start, start + size));
    expect(seen).toEqual(heads.map((head, index) => [head, index * 7]));
  }
});
