import { connect, constants } from 'node:http2';
import type { ClientHttp2Session } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventSubscription } from '../mode.ts';
import { eventually, goodHeaders, startTestServer, unlimited } from './spec-support.ts';
import type { TestServer } from './spec-support.ts';

const grpcHeaders = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers', ...goodHeaders };

let running: TestServer;
let session: ClientHttp2Session;

afterEach(async () => {
  session.destroy();
  await running[Symbol.asyncDispose]();
});

interface Start {
  readonly minTimeMs: number;
  readonly permitWithoutStream?: boolean;
}

/** A server whose policy is `start`, and a connection that has made one call. */
async function begin({ minTimeMs, permitWithoutStream = true }: Start): Promise<{ readonly goaways: string[] }> {
  running = await startTestServer({
    settings: {
      maxReceiveBytes: 1000,
      maxSendBytes: 1000,
      keepaliveMinTimeMs: minTimeMs,
      keepalivePermitWithoutStream: permitWithoutStream,
      ...unlimited,
    },
  });
  const goaways: string[] = [];
  session = connect(`http://127.0.0.1:${running.port}`);
  session.on('error', () => undefined);
  session.on('goaway', (code, _, data) => {
    goaways.push(`${code} ${data?.toString() ?? ''}`);
  });
  await new Promise((resolve) => {
    const stream = session.request({ ...grpcHeaders, ':path': '/orchestrator.InfoService/QueryVersion' });
    stream.on('close', resolve);
    stream.resume();
    stream.end(Buffer.alloc(5));
  });
  return { goaways };
}

function ping(): Promise<void> {
  return new Promise((resolve) => {
    session.ping(() => {
      resolve();
    });
  });
}

describe('the keepalive policy', () => {
  it('ends a connection that pings too often', async () => {
    const { goaways } = await begin({ minTimeMs: 10_000 });
    // The first one is the first; then three strikes.
    for (let count = 0; count < 3; count += 1) await ping();
    expect(session.destroyed).toBe(false);
    await ping();
    await eventually(() => session.destroyed);
    expect(goaways[0]).toBe(`${constants.NGHTTP2_ENHANCE_YOUR_CALM} too_many_pings`);
  });

  it('lets slower pings be', async () => {
    const { goaways } = await begin({ minTimeMs: 1 });
    for (let count = 0; count < 8; count += 1) {
      await ping();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(goaways).toEqual([]);
    expect(session.destroyed).toBe(false);
  });

  it('may forbid pings without a call, which then do not harm a call', async () => {
    const events = Promise.withResolvers<readonly Uint8Array[]>();
    const subscription: EventSubscription = {
      next: () => events.promise,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
    await begin({ minTimeMs: 1, permitWithoutStream: false });
    running.mode.open = () => Promise.resolve(subscription);
    const stream = session.request({ ...grpcHeaders, ':path': '/orchestrator.EventService/SubscribeToEvents' });
    stream.on('error', () => undefined);
    stream.resume();
    stream.end(Buffer.alloc(5));
    await new Promise((resolve) => stream.once('response', resolve));
    for (let count = 0; count < 8; count += 1) {
      await ping();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect(session.destroyed).toBe(false);
    stream.close();
    await eventually(() => running.ends.length === 2);
    for (let count = 0; count < 8 && !session.destroyed; count += 1) {
      await ping();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await eventually(() => session.destroyed);
  });

  it('welcomes pings after data, as clients send them to measure', async () => {
    const { goaways } = await begin({ minTimeMs: 10_000 });
    running.mode.answer = () => Promise.resolve(Buffer.alloc(500));
    for (let count = 0; count < 8; count += 1) {
      await new Promise((resolve) => {
        const stream = session.request({ ...grpcHeaders, ':path': '/orchestrator.InfoService/QueryVersion' });
        stream.on('close', resolve);
        stream.resume();
        stream.end(Buffer.alloc(5));
      });
      await ping();
    }
    expect(goaways).toEqual([]);
    expect(session.destroyed).toBe(false);
  });
});
