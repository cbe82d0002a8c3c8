import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventSubscription } from '../mode.ts';
import { CallCounter } from './call-limits.ts';
import type { CallLimits } from './call-limits.ts';
import { endOf, eventually, startTestServer } from './spec-support.ts';
import type { RawClient, TestServer } from './spec-support.ts';

const QUERY_VERSION = '/orchestrator.InfoService/QueryVersion';
const SUBSCRIBE = '/orchestrator.EventService/SubscribeToEvents';
const org = (mspid: string, channel = 'mychannel') => ({ mspid, channel });

const stack = new AsyncDisposableStack();
afterEach(() => {
  for (const release of open.splice(0)) release();
});

/** Let the calls end that a test has left waiting. */
const open: (() => void)[] = [];

async function start(limits: Partial<CallLimits>): Promise<TestServer> {
  const running = stack.use(await startTestServer({ limits, channels: { isMember: () => 'ok' } }));
  running.mode.answer = () => new Promise((resolve) => open.push(() => resolve(new Uint8Array())));
  const quiet: EventSubscription = {
    next: () => new Promise(() => undefined),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  running.mode.open = () => Promise.resolve(quiet);
  return running;
}

/** Starts calls that wait. */
async function occupy(running: TestServer, client: RawClient, headers: readonly Record<string, string>[]): Promise<void> {
  const before = running.mode.calls.length;
  for (const one of headers) void client.unary(QUERY_VERSION, { headers: one });
  await eventually(() => running.mode.calls.length === before + headers.length);
}

describe('above its limit a call is UNAVAILABLE at once, with a sentence', () => {
  it('of a connection; other connections go on', async () => {
    const running = await start({ maxCallsPerConnection: 3 });
    await occupy(running, running.client, [org('A'), org('A'), org('B')]);
    const refused = await running.client.unary(QUERY_VERSION, { headers: org('C') });
    expect([refused.code, refused.details]).toEqual([
      status.UNAVAILABLE,
      '3 calls are under way on this connection: try again later',
    ]);
    await occupy(running, running.connect(), [org('A')]);
    for (const release of open.splice(0)) release();
    await eventually(() => running.ends.length === 5);
    await occupy(running, running.client, [org('A'), org('A'), org('B')]);
  });

  it('of an organization, over all connections and channels; other organizations go on', async () => {
    const running = await start({ maxCallsPerOrganization: 2 });
    await occupy(running, running.client, [org('A')]);
    await occupy(running, running.connect(), [org('A', 'yourchannel')]);
    const refused = await running.connect().unary(QUERY_VERSION, { headers: org('A') });
    expect([refused.code, refused.details]).toEqual([
      status.UNAVAILABLE,
      '2 calls of this organization are under way: try again later',
    ]);
    await occupy(running, running.client, [org('B')]);
  });

  it('of the subscribers of an organization in a channel; its other calls go on', async () => {
    const running = await start({ maxSubscribersPerOrganization: 2 });
    const streams = [org('A'), org('A'), org('A', 'yourchannel'), org('B')].map((headers) =>
      running.client.stream(SUBSCRIBE, { headers }),
    );
    const ends = streams.map((stream) => endOf(stream));
    await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('metadata', resolve))));
    const refused = await endOf(running.client.stream(SUBSCRIBE, { headers: org('A') }));
    expect([refused.code, refused.details]).toEqual([
      status.UNAVAILABLE,
      '2 event streams of this organization are open in the channel: try again later',
    ]);
    await occupy(running, running.client, [org('A')]);
    streams[0]?.cancel();
    await ends[0];
    await eventually(() => running.ends.some(({ code }) => code === status.CANCELLED));
    const again = running.client.stream(SUBSCRIBE, { headers: org('A') });
    again.on('error', () => undefined);
    await new Promise((resolve) => again.once('metadata', resolve));
    for (const stream of [...streams, again]) stream.cancel();
  });

  it('without a place for who is refused for something else', async () => {
    const running = await start({ maxCallsPerConnection: 1, maxCallsPerOrganization: 1 });
    for (let round = 0; round < 5; round += 1) {
      const { code } = await running.client.unary(QUERY_VERSION, { headers: { mspid: 'A' } });
      expect(code).toBe(status.FAILED_PRECONDITION);
    }
    await occupy(running, running.client, [org('A')]);
  });
});

it('places are given back once, and nothing is left behind', () => {
  const counter = new CallCounter({ maxCallsPerConnection: 1, maxCallsPerOrganization: 2, maxSubscribersPerOrganization: 1 });
  const place = { kind: 'stream' as const, peer: 'here:1' };
  const caller = { ...org('A'), requestId: 'r' };
  const leaves = [counter.enterConnection(place), counter.enterOrganization(place, caller)];
  expect(() => counter.enterConnection(place)).toThrow(/1 calls/);
  // The stream that is refused gives its place among the calls back.
  expect(() => counter.enterOrganization(place, caller)).toThrow(/event streams/);
  leaves.push(counter.enterOrganization({ ...place, kind: 'unary' }, caller));
  for (const leave of [...leaves, ...leaves]) leave();
  expect(counter.size).toBe(0);
});
