// Clients that keep no rules of HTTP/2 or gRPC, one connection each. Afterwards a well-behaved client is served as before,
// and nothing of the others is left.
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader, OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { createRandom, mutate } from '@orchestrator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually, startTestServer } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

const PATH = '/orchestrator.InfoService/QueryVersion';
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
const EMPTY_MESSAGE = Buffer.alloc(5);
const WAIT_MS = 5000;

const goodHeaders: OutgoingHttpHeaders = {
  ':method': 'POST',
  ':path': PATH,
  'content-type': 'application/grpc',
  te: 'trailers',
  mspid: 'MyOrg1MSP',
  channel: 'mychannel',
};

let server: TestServer;
let session: ClientHttp2Session;
let stack: AsyncDisposableStack;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  server = stack.use(await startTestServer());
  session = connect(`http://127.0.0.1:${server.port}`);
  session.on('error', () => undefined);
  stack.defer(() => session.destroy());
});

afterEach(async () => {
  const { code } = await server.client.unary(PATH);
  await stack.disposeAsync();
  if (code !== status.OK) throw new Error(`the next client got ${status[code]}`);
});

/** How a call ended: `grpc 3`, `http 415` without a gRPC status, or `reset` without any answer. */
async function request(headers: OutgoingHttpHeaders, body: Buffer = EMPTY_MESSAGE): Promise<string> {
  const stream = session.request(headers);
  stream.on('error', () => undefined);
  stream.end(body);
  return endOf(stream);
}

async function endOf(stream: ClientHttp2Stream): Promise<string> {
  let http: number | undefined;
  let grpc: string | undefined;
  const look = (headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void => {
    http ??= headers[':status'];
    const code = headers['grpc-status'];
    if (typeof code === 'string') grpc ??= code;
  };
  stream.on('response', look);
  stream.on('trailers', look);
  stream.resume();
  await Promise.race([new Promise((resolve) => stream.once('close', resolve)), sleep(WAIT_MS, undefined, { ref: false })]);
  if (grpc !== undefined) return `grpc ${grpc}`;
  if (http !== undefined) return `http ${http}`;
  return stream.closed ? 'reset' : 'open';
}

describe('headers', () => {
  it.each<[string, OutgoingHttpHeaders, string]>([
    ['none of ours', { mspid: undefined, channel: undefined }, 'grpc 9'],
    ['an unknown procedure', { ':path': '/orchestrator.InfoService/Nothing' }, 'grpc 12'],
    ['an unknown service', { ':path': '/' }, 'grpc 12'],
    ['a path that is none', { ':path': `/${'x/'.repeat(2000)}` }, 'grpc 12'],
    ['another method', { ':method': 'PUT' }, 'grpc 0'],
    ['another content type', { 'content-type': 'text/html' }, 'http 415'],
    ['no content type', { 'content-type': undefined }, 'http 415'],
    ['an encoding that nobody knows', { 'grpc-encoding': 'morse' }, 'grpc 0'],
    ['a deadline that is none', { 'grpc-timeout': 'soon' }, 'grpc 13'],
    ['a deadline of centuries', { 'grpc-timeout': '99999999H' }, 'grpc 0'],
    ['bytes above 127', { mspid: Buffer.from('ünï', 'latin1').toString('latin1') }, 'grpc 3'],
    ['a name of 60,000 bytes', { mspid: 'x'.repeat(60_000) }, 'grpc 7'],
    ['a binary header that is no base64', { 'something-bin': '!!!' }, 'grpc 0'],
    ['a thousand headers', Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x-${n}`, 'y'])), 'reset'],
  ])('%s', async (_what, headers, end) => {
    expect(await request({ ...goodHeaders, ...headers })).toBe(end);
  });

  it('random ones: never UNKNOWN', async () => {
    const random = createRandom(1);
    const names = ['mspid', 'channel', 'chaincode', 'reqid', 'idempotency-key', 'grpc-timeout', 'grpc-encoding', 'x-bin'];
    const ends = new Set<string>();
    for (let round = 0; round < 300; round += 1) {
      const changed: Record<string, string> = {};
      for (let left = random.below(3) + 1; left > 0; left -= 1) {
        const bytes = mutate(random, Buffer.from(random.pick(['MyOrg1MSP', 'mychannel', '5S', 'gzip', ''])), []);
        // What HTTP/2 itself forbids never gets here.
        changed[random.pick(names)] = bytes.subarray(0, 2000).toString('latin1').replaceAll(/[\0\r\n]/g, '').trim();
      }
      ends.add(await request({ ...goodHeaders, ...changed }));
    }
    // What the gRPC library answers itself: 13 for a deadline that it cannot read, 12 for an encoding.
    expect([...ends].toSorted().filter((end) => !/^grpc (0|3|4|7|9|12|13)$/.test(end))).toEqual([]);
    expect(ends.size).toBeGreaterThan(2);
  });
});

describe('bodies', () => {
  it.each<[string, Buffer, string]>([
    ['nothing', Buffer.alloc(0), 'grpc 12'],
    ['half a head', Buffer.alloc(3), 'grpc 12'],
    ['a message shorter than it says', Buffer.from('00000000100a', 'hex'), 'grpc 12'],
    ['a message longer than is taken', Buffer.from('007fffffff', 'hex'), 'grpc 8'],
    ['two messages', Buffer.alloc(10), 'grpc 12'],
    ['a compressed message without an encoding', Buffer.from('0100000001ff', 'hex'), 'grpc 3'],
    ['a compression flag that does not exist', Buffer.from('0700000000', 'hex'), 'grpc 0'],
  ])('%s', async (_what, body, end) => {
    expect(await request(goodHeaders, body)).toBe(end);
  });

  it('a compressed message that is no such thing', async () => {
    const headers = { ...goodHeaders, 'grpc-encoding': 'gzip' };
    expect(await request(headers, Buffer.from('0100000004deadbeef', 'hex'))).toBe('grpc 13');
  });
});

describe('connections', () => {
  it('that open calls and take them back at once', async () => {
    for (let round = 0; round < 5000 && !session.destroyed; round += 1) {
      const stream = session.request(goodHeaders);
      stream.on('error', () => undefined);
      stream.close(constants.NGHTTP2_CANCEL);
      if (round % 100 === 0) await sleep(0);
    }
    await eventually(() => server.ends.length === server.mode.calls.length || session.destroyed);
  });

  it('that leave their messages half sent', async () => {
    const streams = Array.from({ length: 50 }, () => {
      const stream = session.request(goodHeaders);
      stream.on('error', () => undefined);
      stream.write(Buffer.from('0000001000ff', 'hex'));
      return stream;
    });
    expect((await server.client.unary(PATH)).code).toBe(status.OK);
    expect(streams.every((stream) => !stream.closed)).toBe(true);
    session.destroy();
  });

  it('that send headers without an end', async () => {
    expect(await speak(withoutEnd(20_000))).toBe('closed');
  });

  it('that send a header larger than all limits', async () => {
    const end = await request({ ...goodHeaders, 'x-large': 'x'.repeat(1_000_000) });
    expect(end).toMatch(/^(reset|http 431|grpc 8)$/);
  });

  it.each<[string, Buffer]>([
    ['HTTP/1', Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')],
    ['TLS', Buffer.from('16030100c8010000c40303', 'hex')],
    ['noise', Buffer.from(createRandom(2).hex(4000), 'hex')],
    ['a frame that is too large', Buffer.concat([PREFACE, frame(0, 0, 0xff_ff_ff, 1)])],
    ['data for no stream', Buffer.concat([PREFACE, frame(4, 0, 0, 0), frame(0, 0, 0, 0)])],
    ['a window beyond its end', Buffer.concat([PREFACE, frame(4, 0, 0, 0), windowUpdate(0x7f_ff_ff_ff)])],
    ['an even stream', Buffer.concat([PREFACE, frame(4, 0, 0, 0), frame(1, 5, 0, 2)])],
  ])('that speak %s', async (_what, bytes) => {
    expect(await speak(bytes)).toBe('closed');
  });

  it('that flood with settings, pings and resets', async () => {
    const ping = Buffer.concat([frame(6, 0, 8, 0), Buffer.alloc(8)]);
    for (const flood of [frame(4, 0, 0, 0), ping]) {
      const bytes = Buffer.concat([PREFACE, frame(4, 0, 0, 0), ...Array.from({ length: 20_000 }, () => flood)]);
      expect(await speak(bytes)).toBe('closed');
    }
  });

  it('that say nothing at all, by the hundred', async () => {
    const sockets = Array.from({ length: 200 }, () => connectTcp(server.port, '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    expect((await server.client.unary(PATH)).code).toBe(status.OK);
    for (const socket of sockets) socket.destroy();
  });
});

function frame(type: number, flags: number, length: number, stream: number): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return head;
}

function windowUpdate(size: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(size);
  return Buffer.concat([frame(8, 0, 4, 0), bytes]);
}

/** A HEADERS frame without END_HEADERS, and CONTINUATION after CONTINUATION. */
function withoutEnd(count: number): Buffer {
  const more = Buffer.concat([frame(9, 0, 1, 1), Buffer.from([0x82])]);
  const headers = Buffer.concat([frame(1, 0, 1, 1), Buffer.from([0x83])]);
  return Buffer.concat([PREFACE, frame(4, 0, 0, 0), headers, ...Array.from({ length: count }, () => more)]);
}

/** Sends bytes and never reads more than it must. @returns whether the server closed the connection. */
async function speak(bytes: Buffer): Promise<'closed' | 'open'> {
  const socket: Socket = connectTcp(server.port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.resume();
  socket.write(bytes);
  const end = await Promise.race([
    once(socket, 'close').then(() => 'closed' as const),
    sleep(WAIT_MS, 'open' as const, { ref: false }),
  ]);
  socket.destroy();
  return end;
}
