import {
  AssetKind,
  type Dbal,
  Event,
  type EventFilter,
  EventKind,
  type Instant,
  floorInstant,
} from '@orchestrator/lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildEvent } from '../builders/assets.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Room, Suite } from './suite.ts';
import { oddMap } from './texts.ts';

export function eventConformance(suite: Suite): void {
  for (const descending of [false, true]) {
    listingConformance<Event>(suite, {
      name: `events, ${descending ? 'descending' : 'ascending'}`,
      codec: Event,
      build: (random, timestamp, channel) => buildEvent(random, { channel, timestamp }),
      add: (dbal, events) => dbal.event.addEvents(events),
      query: (dbal, page) => dbal.event.queryEvents({}, descending, page),
      descending,
    });
  }
  describe('events', () => {
    it('leave nothing behind when the transaction fails', () => rollsBack(suite));
    it('that were added by several calls of one transaction keep their order', () => keepsOrderOfCalls(suite));
    it('keep odd metadata and are found by it', () => keepsOddMetadata(suite));
    it('come in large batches', () => takesLargeBatches(suite));
  });
  describe('filters of events', () => filterConformance(suite));
}

async function query(room: Room, filter: EventFilter, size = 100): Promise<Event[]> {
  const pages = await room.read((dbal) => allPages((page) => dbal.event.queryEvents(filter, false, page), size));
  const found = pages.flatMap((page) => itemsOf(Event, page));
  const reversed = await room.read((dbal) => dbal.event.queryEvents(filter, true, firstPage(10_000)));
  expect(itemsOf(Event, reversed)).toEqual(found.toReversed());
  return found;
}

async function rollsBack(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = async (dbal: Dbal, event: Event) => dbal.event.addEvents([event]);
  const first = await room.write(async (dbal, timestamp) => {
    const event = buildEvent(room.random, { channel: room.channel, timestamp });
    await add(dbal, event);
    return event;
  });
  const failing = room.write(async (dbal, timestamp) => {
    await add(dbal, buildEvent(room.random, { channel: room.channel, timestamp }));
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await query(room, {})).toEqual([first]);
}

async function keepsOrderOfCalls(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const added = await room.write(async (dbal, timestamp) => {
    const events = Array.from({ length: 6 }, () => buildEvent(room.random, { channel: room.channel, timestamp }));
    dbal.event.addEvents(events.slice(0, 2));
    dbal.event.addEvents(events.slice(2, 3));
    dbal.event.addEvents(events.slice(3));
    return events;
  });
  expect(await query(room, {})).toEqual(added);
}

async function keepsOddMetadata(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const metadata = oddMap();
  const [odd] = await room.write(async (dbal, timestamp) => {
    const events = [metadata, new Map<string, string>()].map((each) =>
      buildEvent(room.random, { channel: room.channel, timestamp, metadata: each }),
    );
    dbal.event.addEvents(events);
    return events;
  });
  expect(await query(room, { metadata })).toEqual([odd]);
  for (const [name, value] of metadata) {
    expect(await query(room, { metadata: new Map([[name, value]]) })).toEqual([odd]);
    expect(await query(room, { metadata: new Map([[name, `${value}x`]]) })).toEqual([]);
  }
}

async function takesLargeBatches(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const added = await room.write(async (dbal, timestamp) => {
    const length = suite.maxBatchSize;
    const events = Array.from({ length }, () => buildEvent(room.random, { channel: room.channel, timestamp }));
    dbal.event.addEvents(events);
    return events;
  });
  const found = await query(room, {}, 1500);
  expect(found.map((event) => event.id)).toEqual(added.map((event) => event.id));
}

interface Variant {
  readonly assetKey: string;
  readonly assetKind: AssetKind;
  readonly eventKind: EventKind;
  readonly metadata: Map<string, string>;
}

function filterConformance(suite: Suite): void {
  let room: Room;
  let events: Event[];
  beforeAll(async () => {
    room = await suite.openRoom();
    events = await addVariants(room);
  });
  const check = async (filter: EventFilter, keep: (event: Event) => boolean): Promise<void> => {
    const expected = events.filter(keep);
    expect(await query(room, filter)).toEqual(expected);
    expect(await query(room, filter, 2)).toEqual(expected);
  };

  it('take the asset key, which may be any text', async () => {
    const keys = ['nothing', '', ...new Set(events.map((event) => event.assetKey))];
    for (const assetKey of keys) await check({ assetKey }, (event) => event.assetKey === assetKey);
  });
  it('take the kinds', async () => {
    for (const { assetKind, eventKind } of events.slice(0, 4)) {
      await check({ assetKind }, (event) => event.assetKind === assetKind);
      await check({ eventKind }, (event) => event.eventKind === eventKind);
      await check({ assetKind, eventKind }, (each) => each.assetKind === assetKind && each.eventKind === eventKind);
    }
    await check({ assetKind: AssetKind.ASSET_DATA_SAMPLE }, () => false);
  });
  it('take pairs of metadata, all of which must be there', async () => {
    const pairs = [
      [],
      [['reason', 'a']],
      [['reason', 'b']],
      [
        ['reason', 'a'],
        ['more', 'x'],
      ],
      [['more', 'a']],
    ] as const;
    for (const each of pairs) {
      await check({ metadata: new Map(each) }, (event) =>
        each.every(([name, value]) => event.metadata.get(name) === value),
      );
    }
  });
  it('take start and end, both inclusive', async () => {
    const instants = [...new Set(events.map(instantOf))];
    for (const instant of instants) {
      await check({ start: instant }, (event) => instantOf(event) >= instant);
      await check({ end: instant }, (event) => instantOf(event) <= instant);
      await check({ start: instant, end: instant }, (event) => instantOf(event) === instant);
      await check({ start: instant + 1n, end: instant }, () => false);
    }
    await check({ start: 0n, end: (instants.at(-1) ?? 0n) + 1_000_000n }, () => true);
    await check({ start: (instants.at(-1) ?? 0n) + 1n }, () => false);
  });
  it('take all at once', async () => {
    for (const event of events) {
      const { assetKey, assetKind, eventKind, metadata } = event;
      const instant = instantOf(event);
      const filter = { assetKey, assetKind, eventKind, metadata, start: instant, end: instant };
      const found = await query(room, filter);
      expect(found.some((each) => each.id === event.id)).toBe(true);
      expect(found.every((each) => each.assetKey === assetKey && instantOf(each) === instant)).toBe(true);
    }
  });
}

function instantOf(event: Event): Instant {
  return event.timestamp === undefined ? -1n : floorInstant(event.timestamp);
}

/** Three transactions of events that differ in all that a filter takes. */
async function addVariants(room: Room): Promise<Event[]> {
  const plan = room.random.key();
  const variants: Variant[] = [
    {
      assetKey: plan,
      assetKind: AssetKind.ASSET_COMPUTE_PLAN,
      eventKind: EventKind.EVENT_ASSET_CREATED,
      metadata: new Map(),
    },
    {
      assetKey: plan,
      assetKind: AssetKind.ASSET_COMPUTE_PLAN,
      eventKind: EventKind.EVENT_ASSET_UPDATED,
      metadata: new Map([['reason', 'a']]),
    },
    {
      assetKey: `${plan}|performance`,
      assetKind: AssetKind.ASSET_PERFORMANCE,
      eventKind: EventKind.EVENT_ASSET_CREATED,
      metadata: new Map([
        ['reason', 'a'],
        ['more', 'x'],
      ]),
    },
    {
      assetKey: 'MyOrg1MSP é\u{1f9ea}',
      assetKind: AssetKind.ASSET_ORGANIZATION,
      eventKind: EventKind.EVENT_ASSET_CREATED,
      metadata: new Map([['reason', 'b']]),
    },
    {
      assetKey: plan,
      assetKind: AssetKind.ASSET_MODEL,
      eventKind: EventKind.EVENT_ASSET_DISABLED,
      metadata: new Map([
        ['reason', ''],
        ['more', 'a'],
      ]),
    },
  ];
  const events: Event[] = [];
  for (let round = 0; round < 3; round += 1) {
    const added = await room.write(async (dbal, timestamp) => {
      const made = room.random
        .shuffle(variants)
        .map((variant) => buildEvent(room.random, { ...variant, channel: room.channel, timestamp }));
      dbal.event.addEvents(made);
      return made;
    });
    events.push(...added);
  }
  return events;
}
