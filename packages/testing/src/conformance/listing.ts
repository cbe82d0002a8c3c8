import {
  compareUtf8,
  type Cursor,
  type Dbal,
  ErrorCode,
  type MessageCodec,
  PAGE_ITEM_OVERHEAD_BYTES,
  type Page,
  type PageRequest,
  type Timestamp,
} from '@orchestrator/lib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Random } from '../random/random.ts';
import type { Room, Suite } from './suite.ts';

/** Every listing of a test goes on for fewer pages than this. */
const MAX_PAGES = 1000;
const ENOUGH_BYTES = 4_000_000;
/** How many items each transaction of the filled room adds. */
const BATCH_SIZES = [5, 1, 6];
/** The least that tag and length of an item can take. */
const LEAST_OVERHEAD_BYTES = 2;

/** A listing that comes in pages. */
export interface ListingCase<T> {
  readonly name: string;
  readonly codec: MessageCodec<T>;
  build(random: Random, now: Timestamp, channel: string): T;
  add(dbal: Dbal, items: readonly T[]): void;
  query(dbal: Dbal, page: PageRequest): Promise<Page<T>>;
  /** Texts that order items of one instant; absent: they are in the order in which they were added. */
  readonly orderOf?: (item: T) => readonly string[];
  /** The last ones first. */
  readonly descending?: boolean;
}

/** Reads a page of up to `size` items. */
export function firstPage(size: number): PageRequest {
  return { size, maxBytes: ENOUGH_BYTES };
}

/** Decodes the items of a page. */
export function itemsOf<T>(codec: MessageCodec<T>, page: Page<T>): T[] {
  return page.items.map((item) => codec.decode(item.bytes));
}

/** All pages of a listing, one after the other. */
export async function allPages<T>(query: (page: PageRequest) => Promise<Page<T>>, size: number): Promise<Page<T>[]> {
  const pages: Page<T>[] = [];
  let after: Cursor | undefined;
  do {
    const page: Page<T> = await query({ ...firstPage(size), after });
    pages.push(page);
    after = page.next;
  } while (after !== undefined && pages.length < MAX_PAGES);
  return pages;
}

/** What holds for every listing that comes in pages. */
export function listingConformance<T>(suite: Suite, listing: ListingCase<T>): void {
  describe(`pages of ${listing.name}`, () => {
    let room: Room;
    let expected: T[];
    beforeAll(async () => {
      room = await suite.openRoom();
      const batches: T[][] = [];
      for (const size of BATCH_SIZES) batches.push(await addBatch(room, listing, size));
      expected = inOrder(listing, batches);
    });
    it('are in order, and complete with every size', async () => checkSizes(room, listing, expected));
    it('end before their bytes are too many', async () => checkBytes(room, listing, expected));
    it('refuse cursors that are not theirs', async () => checkCursors(room, listing));
    it('stay in step while items are added between them', async () => checkAdditions(suite, listing));
    it('show what their own transaction added', async () => checkOwnWrites(suite, listing));
    it('show nothing of another channel', async () => {
      const other = await suite.openRoom();
      const page = await other.read((dbal) => listing.query(dbal, firstPage(10)));
      expect(page).toEqual({ items: [] });
    });
  });
}

async function addBatch<T>(room: Room, listing: ListingCase<T>, size: number): Promise<T[]> {
  return room.write(async (dbal, now) => {
    const items = Array.from({ length: size }, () => listing.build(room.random, now, room.channel));
    listing.add(dbal, items);
    return items;
  });
}

function inOrder<T>(listing: ListingCase<T>, batches: readonly (readonly T[])[]): T[] {
  const { orderOf } = listing;
  const byTexts = (a: T, b: T): number => {
    const others = orderOf?.(b) ?? [];
    const orders = (orderOf?.(a) ?? []).map((text, index) => compareUtf8(text, others[index] ?? ''));
    return orders.find((order) => order !== 0) ?? 0;
  };
  const all = batches.flatMap((batch) => batch.toSorted(byTexts));
  return listing.descending === true ? all.toReversed() : all;
}

async function checkSizes<T>(room: Room, listing: ListingCase<T>, expected: readonly T[]): Promise<void> {
  const sizes = [1, 5, expected.length - 1, expected.length, expected.length + 1, 10_000];
  for (const size of sizes) {
    const pages = await room.read((dbal) => allPages((page) => listing.query(dbal, page), size));
    expect(pages.flatMap((page) => itemsOf(listing.codec, page))).toEqual(expected);
    expect(pages.length).toBe(Math.ceil(expected.length / size));
    for (const page of pages.slice(0, -1)) expect(page.items.length).toBe(size);
  }
}

async function checkBytes<T>(room: Room, listing: ListingCase<T>, expected: readonly T[]): Promise<void> {
  const lengths = expected.map((item) => listing.codec.encode(item).finish().length);
  const sum = (count: number, overhead: number) =>
    lengths.slice(0, count).reduce((total, length) => total + length + overhead, 0);
  const countIn = async (maxBytes: number): Promise<number> => {
    const page = await room.read((dbal) => listing.query(dbal, { size: 100, maxBytes }));
    expect(itemsOf(listing.codec, page)).toEqual(expected.slice(0, page.items.length));
    expect(page.next === undefined).toBe(page.items.length === expected.length);
    return page.items.length;
  };
  expect(await countIn(1)).toBe(1);
  expect(await countIn(sum(3, PAGE_ITEM_OVERHEAD_BYTES))).toBe(3);
  expect(await countIn(sum(3, LEAST_OVERHEAD_BYTES) - 1)).toBeLessThan(3);
  expect(await countIn(sum(expected.length, PAGE_ITEM_OVERHEAD_BYTES))).toBe(expected.length);
}

async function checkCursors<T>(room: Room, listing: ListingCase<T>): Promise<void> {
  const page = await room.read((dbal) => listing.query(dbal, firstPage(2)));
  const cursor = page.next ?? [];
  expect(cursor.length).toBeGreaterThan(0);
  const replaced = (index: number, text: string) => cursor.map((part, at) => (at === index ? text : part));
  const foreign = [
    [''],
    ['x'],
    ['\0'],
    Array.from({ length: 10 }, () => '1'),
    [...cursor, 'x'],
    [...cursor, ''],
    ...cursor.map((_, index) => cursor.toSpliced(index, 1)).filter((each) => each.length > 0),
    ...['x', '', '\0', '-', '1e3', '\u{1f9ea}'].map((text) => replaced(0, text)),
    // Where a number and a key make the cursor, the key is one.
    ...(cursor.length === 2 ? ['x', '', '\0', `${cursor[1]}x`].map((text) => replaced(1, text)) : []),
  ];
  for (const after of foreign) {
    const answer = room.read((dbal) => listing.query(dbal, { ...firstPage(2), after }));
    await expect(answer, JSON.stringify(after)).rejects.toThrow(ErrorCode.BadRequest);
  }
  // What no adapter gave but looks much like it may be refused or be past the end; it breaks nothing.
  for (const after of [replaced(0, '9'.repeat(40)), replaced(cursor.length - 1, '\0')]) {
    const outcome = await room.read((dbal) => listing.query(dbal, { ...firstPage(2), after })).catch(String);
    if (typeof outcome === 'string') expect(outcome).toContain(ErrorCode.BadRequest);
  }
}

async function checkAdditions<T>(suite: Suite, listing: ListingCase<T>): Promise<void> {
  const room = await suite.openRoom();
  const before = await addBatch(room, listing, 4);
  const first = await room.read((dbal) => listing.query(dbal, firstPage(2)));
  const added = await addBatch(room, listing, 3);
  const rest = await room.read((dbal) => listing.query(dbal, { ...firstPage(10), after: first.next }));
  const batches = listing.descending === true ? [before] : [before, added];
  expect([...itemsOf(listing.codec, first), ...itemsOf(listing.codec, rest)]).toEqual(inOrder(listing, batches));
  expect(rest.next).toBeUndefined();
}

async function checkOwnWrites<T>(suite: Suite, listing: ListingCase<T>): Promise<void> {
  const room = await suite.openRoom();
  const before = await addBatch(room, listing, 2);
  await room.write(async (dbal, now) => {
    const own = Array.from({ length: 2 }, () => listing.build(room.random, now, room.channel));
    listing.add(dbal, own);
    const page = await listing.query(dbal, firstPage(10));
    expect(itemsOf(listing.codec, page)).toEqual(inOrder(listing, [before, own]));
  });
}
