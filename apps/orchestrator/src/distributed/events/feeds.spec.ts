import { createRandom } from '@orchestrator/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { LedgerFeeds, type LedgerFeedsSettings } from './feeds.ts';
import { FakeLedger, range, refusalOf, shortSettings, silentLog, take, until } from './spec-support.ts';

const FOLLOW = { channel: 'mychannel', chaincode: 'mycc', mspid: 'MyOrg1MSP' };

let stack: AsyncDisposableStack;
let ledger: FakeLedger;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  ledger = new FakeLedger();
});

afterEach(() => stack.disposeAsync());

function open(settings: Partial<LedgerFeedsSettings> = {}, bufferEvents?: number): LedgerFeeds {
  const all = { ...shortSettings(bufferEvents), ...settings };
  return stack.use(new LedgerFeeds({ settings: all, openSource: () => ledger, log: silentLog }));
}

function addEvents(count: number): void {
  for (let added = 0; added < count; added += 1) ledger.addBlock(1);
}

describe('a subscriber', () => {
  it('gets the stored events, then the live ones, without a gap or a repeat at the seam', async () => {
    addEvents(35);
    const subscription = await open().subscribe(FOLLOW, '');
    const stored = await take(subscription, 20);
    ledger.addBlock(3, 0, 2);
    const more = await take(subscription, 40 - stored.length);
    expect([...stored, ...more]).toEqual(range(1, 40));
    ledger.addBlock(1);
    expect(await take(subscription, 1)).toEqual([41]);
  });

  it('starts behind any event, also inside of a transaction and of a block', async () => {
    ledger.addBlock(2, 3);
    addEvents(5);
    ledger.addBlock(1, 4, 2);
    const feeds = open();
    for (const start of range(1, 16)) {
      const subscription = await feeds.subscribe(FOLLOW, ledger.idOf(start));
      expect(await take(subscription, 17 - start)).toEqual(range(start + 1, 17));
    }
  });

  it('waits behind the last event, in memory or not, for the next one', async () => {
    ledger.addBlock(3);
    for (let block = 0; block < 10; block += 1) ledger.addBlock(0);
    const feeds = open();
    const fromLedger = await feeds.subscribe(FOLLOW, ledger.idOf(3));
    const next = take(fromLedger, 2);
    await until('the stream of the one that waits', () => ledger.open === 2);
    ledger.addBlock(1);
    const fromMemory = await feeds.subscribe(FOLLOW, ledger.idOf(4));
    ledger.addBlock(1);
    expect(await next).toEqual([4, 5]);
    expect(await take(fromMemory, 1)).toEqual([5]);
  });

  it('is told that there is no such event', async () => {
    const feeds = open();
    await expect(feeds.subscribe(FOLLOW, `${'a'.repeat(64)}:0`)).rejects.toThrow(/^OE0002: event with id "a{64}:0" not found$/);
    expect(feeds.subscriberCount('mychannel')).toBe(0);
  });

  it('that is slow re-reads what has left the memory', async () => {
    const feeds = open({}, 10);
    const slow = await feeds.subscribe(FOLLOW, '');
    const quick = await feeds.subscribe(FOLLOW, '');
    for (let round = 0; round < 20; round += 1) {
      ledger.addBlock(2, 3);
      expect(await take(quick, 5)).toEqual(range(round * 5 + 1, round * 5 + 5));
    }
    expect(await take(slow, 100)).toEqual(range(1, 100));
  });

  it('ends when the server drains, and new ones are refused', async () => {
    const feeds = open();
    const subscription = await feeds.subscribe(FOLLOW, '');
    const next = refusalOf(subscription.next());
    feeds.drain();
    expect(await next).toBeInstanceOf(UnavailableError);
    await expect(feeds.subscribe(FOLLOW, '')).rejects.toThrow(UnavailableError);
  });

  it('may go while it waits', async () => {
    ledger.addBlock(1);
    for (let block = 0; block < 10; block += 1) ledger.addBlock(0);
    const feeds = open();
    const subscription = await feeds.subscribe(FOLLOW, ledger.idOf(1));
    const next = refusalOf(subscription.next());
    await until('its stream', () => ledger.open === 2);
    await subscription[Symbol.asyncDispose]();
    expect(await next).toMatchObject({ message: 'the reader has ended' });
    await until('the end of its stream', () => ledger.open === 1);
    expect(feeds.subscriberCount('mychannel')).toBe(0);
  });

  it('is refused above the limit, until another one goes', async () => {
    const feeds = open({ maxSubscribers: 2 });
    const [first] = await Promise.all([feeds.subscribe(FOLLOW, ''), feeds.subscribe(FOLLOW, '')]);
    await expect(feeds.subscribe(FOLLOW, '')).rejects.toThrow('too many subscribers');
    await first?.[Symbol.asyncDispose]();
    await first?.[Symbol.asyncDispose]();
    await feeds.subscribe(FOLLOW, '');
    await expect(feeds.subscribe(FOLLOW, '')).rejects.toThrow('too many subscribers');
  });
});

describe('streams', () => {
  it('are one for a thousand subscribers that keep up', async () => {
    const feeds = open({ maxSubscribers: 2000 });
    const subscriptions = await Promise.all(Array.from({ length: 1000 }, () => feeds.subscribe(FOLLOW, '')));
    ledger.addBlock(2, 2);
    ledger.addBlock(1);
    for (const seen of await Promise.all(subscriptions.map((subscription) => take(subscription, 5)))) expect(seen).toEqual(range(1, 5));
    expect(ledger.opened).toBe(1);
  });

  it('are five at most, however many read old events at different places', async () => {
    addEvents(400);
    const feeds = open({}, 10);
    const starts = range(0, 99).map((place) => place * 3);
    const seen = await Promise.all(
      starts.map(async (start) => take(await feeds.subscribe(FOLLOW, start === 0 ? '' : ledger.idOf(start)), 400 - start)),
    );
    for (const [place, start] of starts.entries()) expect(seen[place]).toEqual(range(start + 1, 400));
    expect(ledger.mostAtOnce).toBeLessThanOrEqual(5);
    // Pages are shared: without that a hundred readers would need 2,600 of them.
    expect(ledger.opened).toBeLessThan(250);
  });

  it('are waited for so long only', async () => {
    addEvents(50);
    const settings = shortSettings();
    const feeds = open({ pages: { ...settings.pages, streams: 0, turnTimeoutMs: 30 } });
    const subscription = await feeds.subscribe(FOLLOW, '');
    await expect(subscription.next()).rejects.toThrow('too many others read old events');
  });

  it('are closed when nobody has read for a while, and opened again', async () => {
    const feeds = open({ idleTimeoutMs: 40 });
    const subscription = await feeds.subscribe(FOLLOW, '');
    ledger.addBlock(1);
    expect(await take(subscription, 1)).toEqual([1]);
    await subscription[Symbol.asyncDispose]();
    await until('the end of the stream', () => ledger.open === 0);
    ledger.addBlock(1);
    expect(await take(await feeds.subscribe(FOLLOW, ''), 2)).toEqual([1, 2]);
  });
});

describe('a peer that goes away', () => {
  it('costs neither a gap nor a repeat', async () => {
    const feeds = open({ outageTimeoutMs: 10_000 });
    const subscription = await feeds.subscribe(FOLLOW, '');
    ledger.addBlock(2, 3);
    expect(await take(subscription, 5)).toEqual(range(1, 5));
    ledger.isAway = true;
    ledger.cut();
    ledger.addBlock(4);
    const next = take(subscription, 6);
    await new Promise((resolve) => setTimeout(resolve, 150));
    ledger.isAway = false;
    ledger.addBlock(2);
    expect(await next).toEqual(range(6, 11));
  });

  it('for long ends its subscribers, and refuses new ones', async () => {
    const feeds = open({ outageTimeoutMs: 100 });
    const subscription = await feeds.subscribe(FOLLOW, '');
    ledger.isAway = true;
    ledger.cut();
    await expect(subscription.next()).rejects.toThrow('the peer has been out of reach for long');
    await expect(open().subscribe(FOLLOW, '')).rejects.toThrow('the ledger cannot be reached');
  });

  it('and comes back with another ledger ends its subscribers; new ones follow the new ledger', async () => {
    const feeds = open();
    const subscription = await feeds.subscribe(FOLLOW, '');
    ledger.addBlock(1, 1);
    expect(await take(subscription, 2)).toEqual([1, 2]);
    ledger.replace();
    await expect(subscription.next()).rejects.toThrow('the ledger of this channel is another one than before');
    ledger.addBlock(3);
    expect(await take(await feeds.subscribe(FOLLOW, ''), 3)).toEqual([1, 2, 3]);
  });

  it('does not end a reader of the server itself', async () => {
    const feeds = open({ outageTimeoutMs: 30 });
    ledger.addBlock(1);
    const reader = await feeds.read(FOLLOW, { block: 0n });
    expect(await take(reader, 1)).toEqual([1]);
    ledger.isAway = true;
    ledger.cut();
    const next = take(reader, 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    ledger.isAway = false;
    ledger.addBlock(1);
    expect(await next).toEqual([2]);
  });
});

describe('random histories of blocks, cut streams, and readers at any place', () => {
  const seeds = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1' ? 200 : 20;

  it.each(range(1, seeds))('seed %d', async (seed) => {
    const random = createRandom(seed);
    const addBlock = (): void => ledger.addBlock(...Array.from({ length: random.below(4) }, () => random.below(4)));
    for (let blocks = random.below(40); blocks > 0; blocks -= 1) addBlock();
    const feeds = open({ outageTimeoutMs: 20_000, lookBackBlocks: BigInt(random.below(20)) }, 1 + random.below(60));
    const total = ledger.events.length + 150;
    const readers: Promise<{ start: number; seen: number[] }>[] = [];
    const addReader = async (start: number): Promise<{ start: number; seen: number[] }> => {
      const subscription = await feeds.subscribe(FOLLOW, start === 0 ? '' : ledger.idOf(start));
      return { start, seen: await take(subscription, total - start) };
    };
    while (ledger.events.length < total) {
      if (readers.length < 12 && random.chance(40)) readers.push(addReader(random.below(ledger.events.length + 1)));
      if (random.chance(10)) ledger.cut();
      addBlock();
      if (random.chance(50)) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(readers.length).toBeGreaterThan(0);
    for (const { start, seen } of await Promise.all(readers)) expect(seen.slice(0, total - start)).toEqual(range(start + 1, total));
    expect(ledger.mostAtOnce).toBeLessThanOrEqual(5);
  });
});
