import { createRandom } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import type { EventSubscription } from '../../mode.ts';
import type { StoredEvent } from '../dbal/event-log.ts';
import { refusalOf, within } from '../spec-support.ts';
import { ChannelFeed, type EventSource } from './channel-feed.ts';

const EVENT_BYTES = 8;

function event(position: bigint): StoredEvent {
  const bytes = new Uint8Array(EVENT_BYTES);
  new DataView(bytes.buffer).setBigUint64(0, position);
  return { position, bytes };
}

/** A log that others write, read in small pages. */
class TestLog implements EventSource {
  head = 0n;
  reads = 0;
  failures = 0;

  /** Adds events, and hands them out as a commit of this process would. */
  add(count: number): StoredEvent[] {
    return Array.from({ length: count }, () => event((this.head += 1n)));
  }

  async readAfter(position: bigint): Promise<readonly StoredEvent[]> {
    this.reads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error('the log is out of reach');
    }
    const count = Number(this.head - position);
    return Array.from({ length: Math.max(0, Math.min(count, 10)) }, (_, index) => event(position + 1n + BigInt(index)));
  }
}

function openFeed(log: TestLog, bufferEvents = 100): ChannelFeed {
  const settings = { bufferBytes: bufferEvents * EVENT_BYTES, outageTimeoutMs: 500, retryDelayMs: 5 };
  return new ChannelFeed(log, settings, log.head);
}

async function take(subscription: EventSubscription, count: number): Promise<bigint[]> {
  const positions: bigint[] = [];
  while (positions.length < count) {
    const batch = await within(subscription.next(), 5000, `event ${positions.length + 1} of ${count}`);
    for (const bytes of batch) positions.push(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0));
  }
  return positions;
}

function range(from: number, to: number): bigint[] {
  return Array.from({ length: to - from + 1 }, (_, index) => BigInt(from + index));
}

it('wakes many subscribers bit by bit: what else there is to do gets on in between', async () => {
  const log = new TestLog();
  const feed = openFeed(log);
  const subscriptions = Array.from({ length: 100 }, () => feed.subscribe(0n));
  let arrived = 0;
  const followed = subscriptions.map(async (subscription) => {
    for (let got = 0; got < 2; ) {
      const { length } = await subscription.next();
      got += length;
      arrived += length;
    }
  });
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  await nextTurn();
  feed.push(log.add(1));
  await nextTurn();
  expect(arrived).toBeGreaterThan(0);
  expect(arrived).toBeLessThan(100);
  // News of the meantime reach those as well who were woken before.
  feed.push(log.add(1));
  await within(Promise.all(followed), 5000, 'two events for all');
  expect(arrived).toBe(200);
});

describe('a subscriber', () => {
  it('gets the stored events, then the live ones, without a gap or a repeat at the seam', async () => {
    const log = new TestLog();
    log.add(35);
    const feed = openFeed(log);
    const subscription = feed.subscribe(0n);
    expect(await take(subscription, 10)).toEqual(range(1, 10));
    feed.push(log.add(5));
    expect(await take(subscription, 30)).toEqual(range(11, 40));
    feed.push(log.add(2));
    expect(await take(subscription, 2)).toEqual(range(41, 42));
  });

  it('starts behind the event that it names', async () => {
    const log = new TestLog();
    log.add(20);
    const feed = openFeed(log);
    expect(await take(feed.subscribe(15n), 5)).toEqual(range(16, 20));
  });

  it('is woken by events of another process', async () => {
    const log = new TestLog();
    const feed = openFeed(log);
    const next = take(feed.subscribe(0n), 3);
    log.add(3);
    feed.wake();
    expect(await next).toEqual(range(1, 3));
  });

  it('misses nothing when another process wrote between two commits of this one', async () => {
    const log = new TestLog();
    const feed = openFeed(log);
    const subscription = feed.subscribe(0n);
    feed.push(log.add(2));
    log.add(3);
    feed.push(log.add(2));
    expect(await take(subscription, 7)).toEqual(range(1, 7));
  });

  it('that is slow re-reads what has left the memory', async () => {
    const log = new TestLog();
    const feed = openFeed(log, 10);
    const slow = feed.subscribe(0n);
    for (let round = 0; round < 20; round += 1) feed.push(log.add(5));
    expect(await take(slow, 100)).toEqual(range(1, 100));
    expect(log.reads).toBeGreaterThan(0);
  });

  it('that keeps up is served from memory', async () => {
    const log = new TestLog();
    const feed = openFeed(log);
    const subscriptions = Array.from({ length: 50 }, () => feed.subscribe(0n));
    feed.push(log.add(10));
    for (const subscription of subscriptions) expect(await take(subscription, 10)).toEqual(range(1, 10));
    expect(log.reads).toBe(0);
  });

  it('shares its reading with those at the same place', async () => {
    const log = new TestLog();
    log.add(10);
    const feed = openFeed(log);
    await Promise.all(Array.from({ length: 100 }, () => take(feed.subscribe(0n), 10)));
    expect(log.reads).toBe(1);
  });

  it('waits for a log that is out of reach, for a while', async () => {
    const log = new TestLog();
    log.add(3);
    const feed = openFeed(log);
    log.failures = 3;
    expect(await take(feed.subscribe(0n), 3)).toEqual(range(1, 3));
    log.failures = Infinity;
    await expect(feed.subscribe(0n).next()).rejects.toThrow(UnavailableError);
  });

  it('ends with the error of the feed, also one that comes later', async () => {
    const feed = openFeed(new TestLog());
    const next = refusalOf(feed.subscribe(0n).next());
    feed.end(new UnavailableError('the end'));
    expect(await next).toMatchObject({ message: 'the end' });
    await expect(feed.subscribe(0n).next()).rejects.toThrow('the end');
  });

  it('may go while it waits', async () => {
    const feed = openFeed(new TestLog());
    const subscription = feed.subscribe(0n);
    const next = refusalOf(subscription.next());
    await subscription[Symbol.asyncDispose]();
    expect(await next).toBeInstanceOf(UnavailableError);
    expect(feed.subscriberCount).toBe(0);
  });
});

describe('random histories of commits, wake-ups, failures and slow readers', () => {
  const seeds = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1' ? 200 : 20;

  it.each(Array.from({ length: seeds }, (_, index) => index + 1))('seed %d', async (seed) => {
    const random = createRandom(seed);
    const log = new TestLog();
    log.add(random.below(31));
    const feed = openFeed(log, 1 + random.below(40));
    const total = Number(log.head) + 200;
    const readers = Array.from({ length: 5 }, () => {
      const start = random.below(Number(log.head) + 1);
      return take(feed.subscribe(BigInt(start)), total - start).then((seen) => ({ start, seen }));
    });
    while (Number(log.head) < total) {
      const events = log.add(1 + random.below(Math.min(7, total - Number(log.head))));
      if (random.chance(66)) feed.push(events);
      else feed.wake();
      if (random.chance(17)) log.failures = 1;
      if (random.chance(25)) await new Promise((resolve) => setImmediate(resolve));
    }
    const poll = setInterval(() => feed.wake(), 5);
    try {
      for (const { start, seen } of await Promise.all(readers)) expect(seen).toEqual(range(start + 1, total));
    } finally {
      clearInterval(poll);
    }
  });

  it('knows how far its slowest subscriber is behind', async () => {
    const log = new TestLog();
    const feed = openFeed(log);
    expect(feed.largestLag).toBe(0);
    const [slow, fast] = [feed.subscribe(0n), feed.subscribe(0n)];
    feed.push(log.add(3));
    expect(feed.largestLag).toBe(3);
    await fast.next();
    expect(feed.largestLag).toBe(3);
    await slow.next();
    expect(feed.largestLag).toBe(0);
    feed.push(log.add(2));
    await slow[Symbol.asyncDispose]();
    await fast[Symbol.asyncDispose]();
    expect(feed.largestLag).toBe(0);
  });
});
