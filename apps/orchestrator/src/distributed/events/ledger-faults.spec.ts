import { Event } from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventSubscription } from '../../mode.ts';
import { A, B, LedgerScene, MYCC } from '../spec-support-ledger.ts';
import { eventually } from '../../spec-waiting.ts';
import { FabricEventSource } from './fabric-event-source.ts';
import { LedgerFeeds } from './feeds.ts';
import { shortSettings, silentLog, within } from './spec-support.ts';

const FOLLOW = { ...MYCC, mspid: A };

/** The live stream, those of old events, the questions of the feed, and what the spec itself submits. */
const GATEWAY_LIMIT = 1 + 4 + 4 + 2;

const random = createRandom(Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? 3));

let scene: LedgerScene;
const ids: string[] = [];
let stack: AsyncDisposableStack;

beforeAll(async () => {
  scene = await LedgerScene.open({ kind: 'dev-ledger', gatewayLimit: GATEWAY_LIMIT });
  ids.push(...(await scene.prepare()));
  for (let transaction = 0; transaction < 30; transaction += 1) ids.push(...(await scene.addEvents(1 + random.below(4), random)));
}, 120_000);

afterAll(() => scene[Symbol.asyncDispose](), 60_000);

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(async () => {
  scene.faults.clear();
  await stack.disposeAsync();
});

function openFeeds(bufferBytes: number): LedgerFeeds {
  const settings = { ...shortSettings(), bufferBytes, lookBackBlocks: 3n, outageTimeoutMs: 30_000, pages: { ...shortSettings().pages, turnTimeoutMs: 30_000 } };
  const connections = scene.connections(A);
  const openSource = ({ channel, chaincode }: { readonly channel: string; readonly chaincode: string }) =>
    new FabricEventSource({ connections, channel, chaincode, organizations: () => [A, B] });
  return stack.use(new LedgerFeeds({ settings, openSource, log: silentLog }));
}

async function takeIds(subscription: EventSubscription, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const batch = await within(subscription.next(), 30_000, `event ${seen.length + 1} of ${count}`);
    seen.push(...batch.map((bytes) => Event.decode(bytes).id));
  }
  return seen;
}

describe('feeds of a peer that serves few calls at once', () => {
  it('serve two hundred subscribers at different places', async () => {
    const feeds = openFeeds(3000);
    const places = Array.from({ length: 200 }, (_, index) => Math.floor((index * ids.length) / 200));
    const total = ids.length + 3;
    const readers = places.map(async (place) => {
      const subscription = await feeds.subscribe(FOLLOW, ids[place] ?? '');
      return { place, seen: await takeIds(subscription, total - place - 1) };
    });
    // Two hundred questions for their places may take all that the peer serves: the writer asks again, as clients do.
    ids.push(...(await eventually('a write beside the readers', () => scene.addEvents(3, random), 30_000)));
    for (const { place, seen } of await Promise.all(readers)) expect(seen).toEqual(ids.slice(place + 1));
    expect(scene.faults.injected('too-many-requests')).toBe(0);
  }, 60_000);
});

describe('event streams that are cut, calls that are refused, and peers that restart, by seed', () => {
  it('leave no gap and cause no repeat', async () => {
    const feeds = openFeeds(3000);
    const live = await feeds.subscribe(FOLLOW, ids.at(-1) ?? '');
    const start = ids.length;
    const starts = Array.from({ length: 8 }, () => random.below(ids.length));
    const old = await Promise.all(starts.map((place) => feeds.subscribe(FOLLOW, ids[place] ?? '')));
    scene.faults.follow({ seed: 5, rates: { 'event-stream-cut': 0.2, 'too-many-requests': 0.05, 'peer-restart': 0.01 } });
    for (let transaction = 0; transaction < 25; transaction += 1) ids.push(...(await scene.addEvents(1 + random.below(3), random)));
    // Those at old places begin only now, while faults go on.
    const reading = [takeIds(live, ids.length - start), ...old.map((reader, index) => takeIds(reader, ids.length - (starts[index] ?? 0) - 1))];
    const seen = await Promise.all(reading);
    expect(seen[0]).toEqual(ids.slice(start));
    for (const [index, place] of starts.entries()) expect(seen[index + 1]).toEqual(ids.slice(place + 1));
    expect(scene.faults.injected('event-stream-cut')).toBeGreaterThan(0);
  }, 120_000);
});
