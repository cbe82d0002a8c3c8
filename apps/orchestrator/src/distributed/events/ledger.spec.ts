import { Event } from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, it } from 'vitest';
import type { EventSubscription } from '../../mode.ts';
import { A, B, LedgerScene, MYCC, OTHERCC } from '../spec-support-ledger.ts';
import { FabricEventSource } from './fabric-event-source.ts';
import { LedgerFeeds } from './feeds.ts';
import { shortSettings, silentLog, within } from './spec-support.ts';

const random = createRandom(20_261_121);
const FOLLOW = { ...MYCC, mspid: A };

let scene: LedgerScene;
/** All of mycc's, in their order. */
const ids: string[] = [];

let stack: AsyncDisposableStack;

beforeAll(async () => {
  scene = await LedgerScene.open();
  ids.push(...(await scene.prepare()));
  await scene.prepare(OTHERCC);
  for (let transaction = 0; transaction < 40; transaction += 1) {
    ids.push(...(await scene.addEvents(1 + random.below(4), random)));
    if (random.chance(20)) await scene.addEvents(1, random, OTHERCC);
  }
}, 120_000);

afterAll(() => scene[Symbol.asyncDispose](), 60_000);

beforeEach(() => {
  stack = new AsyncDisposableStack();
});

afterEach(() => stack.disposeAsync());

function openFeeds(mspids: readonly string[] = [A], bufferBytes = 1_000_000): LedgerFeeds {
  const settings = { ...shortSettings(), bufferBytes, lookBackBlocks: 5n, retryDelayMs: 150, outageTimeoutMs: 60_000, pages: { ...shortSettings().pages, turnTimeoutMs: 60_000 } };
  const connections = scene.connections(...mspids);
  const openSource = ({ channel, chaincode }: { readonly channel: string; readonly chaincode: string }) =>
    new FabricEventSource({ connections, channel, chaincode, organizations: () => [A, B] });
  return new LedgerFeeds({ settings, openSource, log: silentLog });
}

async function takeIds(subscription: EventSubscription, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const batch = await within(subscription.next(), 60_000, `event ${seen.length + 1} of ${count}`);
    seen.push(...batch.map((bytes) => Event.decode(bytes).id));
  }
  return seen;
}

describe('a subscriber of a ledger', () => {
  it('gets whole events, with their channel', async () => {
    const feeds = stack.use(openFeeds());
    const subscription = await feeds.subscribe(FOLLOW, '');
    const [bytes = new Uint8Array()] = await subscription.next();
    expect(Event.decode(bytes)).toMatchObject({ id: ids[0], channel: 'mychannel', asset: { $case: 'organization', value: { id: A } } });
  });

  it('starts wherever it was: a hundred at different places at once, and all see what comes then', async () => {
    const feeds = stack.use(openFeeds([A, B], 2000));
    const places = Array.from({ length: 100 }, (_, index) => Math.floor((index * ids.length) / 100));
    const total = ids.length + 5;
    const readers = places.map(async (place) => {
      const subscription = await feeds.subscribe({ ...MYCC, mspid: place % 2 === 0 ? A : B }, ids[place] ?? '');
      return { place, seen: await takeIds(subscription, total - place - 1) };
    });
    const more = [...(await scene.addEvents(3, random)), ...(await scene.addEvents(2, random))];
    ids.push(...more);
    expect(ids).toHaveLength(total);
    for (const { place, seen } of await Promise.all(readers)) expect(seen).toEqual(ids.slice(place + 1));
  }, 120_000);

  it('may name an event that another organization has committed a moment ago', async () => {
    const feeds = stack.use(openFeeds([A, B]));
    const [id = ''] = await scene.addEvents(1, random);
    ids.push(id);
    const subscription = await feeds.subscribe({ ...MYCC, mspid: B }, id);
    const next = await scene.addEvents(2, random);
    ids.push(...next);
    expect(await takeIds(subscription, 2)).toEqual(next);
  });

  it.each([
    ['no id', () => 'x'],
    ['an unknown transaction', () => `${'0'.repeat(64)}:0`],
    ['an index behind the last one', () => `${(ids[0] ?? '').split(':')[0]}:1`],
    ['an index written otherwise', () => `${(ids[0] ?? '').split(':')[0]}:00`],
    ['half an id', () => (ids[0] ?? '').slice(1)],
  ])('is told that there is no such event: %s', async (_, id) => {
    const feeds = stack.use(openFeeds());
    await expect(feeds.subscribe(FOLLOW, id())).rejects.toThrow(`OE0002: event with id "${id()}" not found`);
  });

  it('is told so of an event of another chaincode on the channel', async () => {
    const feeds = stack.use(openFeeds());
    const [id = ''] = await scene.addEvents(1, random, OTHERCC);
    await expect(feeds.subscribe(FOLLOW, id)).rejects.toThrow(/^OE0002/);
    const subscription = await feeds.subscribe({ ...OTHERCC, mspid: A }, id);
    const next = await scene.addEvents(1, random, OTHERCC);
    expect(await takeIds(subscription, 1)).toEqual(next);
  });

  it('is told of a channel and of an organization that this server cannot serve', async () => {
    const feeds = stack.use(openFeeds());
    await expect(feeds.subscribe({ ...FOLLOW, channel: 'nosuchchannel' }, '')).rejects.toThrow('the peer has not joined this channel');
    const none = stack.use(openFeeds([]));
    await expect(none.subscribe(FOLLOW, '')).rejects.toThrow('the ledger cannot be reached');
  });

  it('misses nothing and gets nothing twice when its peer restarts', async () => {
    const feeds = stack.use(openFeeds());
    const live = await feeds.subscribe(FOLLOW, ids.at(-1) ?? '');
    const old = await feeds.subscribe(FOLLOW, ids[4] ?? '');
    const last = ids.length - 1;
    ids.push(...(await scene.addEvents(3, random)));
    expect(await takeIds(live, 3)).toEqual(ids.slice(last + 1));
    await scene.network.stopPeer(A);
    const waiting = takeIds(live, 4);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await scene.network.startPeer(A);
    ids.push(...(await scene.addEvents(1, random)), ...(await scene.addEvents(3, random)));
    expect(await waiting).toEqual(ids.slice(last + 4));
    expect(await takeIds(old, ids.length - 5)).toEqual(ids.slice(5));
  }, 120_000);

  it('goes over to the peer of another organization when its own is gone', async () => {
    const feeds = stack.use(openFeeds([A, B]));
    const live = await feeds.subscribe(FOLLOW, ids.at(-1) ?? '');
    await scene.network.stopPeer(A);
    try {
      const old = await feeds.subscribe(FOLLOW, '');
      expect(await takeIds(old, ids.length)).toEqual(ids);
    } finally {
      await scene.network.startPeer(A);
    }
    const next = await scene.addEvents(2, random);
    ids.push(...next);
    expect(await takeIds(live, 2)).toEqual(next);
  }, 120_000);
});
