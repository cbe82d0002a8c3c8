import type { Dbal, Stored, Timestamp } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import type { Random } from '../random/random.ts';
import type { Suite } from './suite.ts';
import { malformedKeys } from './texts.ts';

/** An asset that is found by its key. */
export interface KeyedCase<T extends { readonly key: string }> {
  readonly name: string;
  build(random: Random, overrides: { readonly key?: string; readonly creationDate: Timestamp }): T;
  add(dbal: Dbal, asset: T): void;
  get(dbal: Dbal, keys: readonly string[]): Promise<ReadonlyMap<string, Stored<T>>>;
}

/** What holds for every asset that is found by its key. */
export function keyedConformance<T extends { readonly key: string }>(suite: Suite, asset: KeyedCase<T>): void {
  describe(`${asset.name} by key`, () => {
    it('are seen by their own transaction and by later ones', () => seesWrites(suite, asset));
    it('are found once each, and unknown or malformed keys nowhere', () => findsOnlyKeys(suite, asset));
    it('leave nothing behind when the transaction fails', () => rollsBack(suite, asset));
    it('are other assets in another channel', () => keepsChannelsApart(suite, asset));
    it('cannot be added twice', () => refusesTwins(suite, asset));
  });
}

function valuesOf<T>(found: ReadonlyMap<string, Stored<T>>): Map<string, T> {
  return new Map([...found].map(([key, stored]) => [key, stored.value]));
}

async function seesWrites<T extends { readonly key: string }>(suite: Suite, asset: KeyedCase<T>): Promise<void> {
  const room = await suite.openRoom();
  const written = await room.write(async (dbal, now) => {
    const made = asset.build(room.random, { creationDate: now });
    asset.add(dbal, made);
    expect(valuesOf(await asset.get(dbal, [made.key]))).toEqual(new Map([[made.key, made]]));
    return made;
  });
  const expected = new Map([[written.key, written]]);
  expect(valuesOf(await room.read((dbal) => asset.get(dbal, [written.key])))).toEqual(expected);
  expect(valuesOf(await room.write((dbal) => asset.get(dbal, [written.key])))).toEqual(expected);
}

async function findsOnlyKeys<T extends { readonly key: string }>(suite: Suite, asset: KeyedCase<T>): Promise<void> {
  const room = await suite.openRoom();
  // Hex digits that have capitals.
  const key = `abcdef00${room.random.key().slice(8)}`;
  const other = room.random.key();
  await room.write(async (dbal, now) => {
    for (const each of [key, other]) asset.add(dbal, asset.build(room.random, { key: each, creationDate: now }));
  });
  const asked = [key, room.random.key(), ...malformedKeys(key), other, key];
  const found = await room.read((dbal) => asset.get(dbal, asked));
  expect([...found.keys()].toSorted()).toEqual([key, other].toSorted());
  const none = await room.read((dbal) => Promise.all([asset.get(dbal, []), asset.get(dbal, malformedKeys(key))]));
  expect(none.map((each) => each.size)).toEqual([0, 0]);
}

async function rollsBack<T extends { readonly key: string }>(suite: Suite, asset: KeyedCase<T>): Promise<void> {
  const room = await suite.openRoom();
  const key = room.random.key();
  const failing = room.write(async (dbal, now) => {
    asset.add(dbal, asset.build(room.random, { key, creationDate: now }));
    await asset.get(dbal, [key]);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect((await room.read((dbal) => asset.get(dbal, [key]))).size).toBe(0);
  await room.write(async (dbal, now) => asset.add(dbal, asset.build(room.random, { key, creationDate: now })));
  expect((await room.read((dbal) => asset.get(dbal, [key]))).size).toBe(1);
}

async function keepsChannelsApart<T extends { readonly key: string }>(
  suite: Suite,
  asset: KeyedCase<T>,
): Promise<void> {
  const [here, there] = [await suite.openRoom(), await suite.openRoom()];
  const key = here.random.key();
  const first = await here.write(async (dbal, now) => {
    const made = asset.build(here.random, { key, creationDate: now });
    asset.add(dbal, made);
    return made;
  });
  expect((await there.read((dbal) => asset.get(dbal, [key]))).size).toBe(0);
  const second = await there.write(async (dbal, now) => {
    const made = asset.build(there.random, { key, creationDate: now });
    asset.add(dbal, made);
    return made;
  });
  expect(valuesOf(await here.read((dbal) => asset.get(dbal, [key])))).toEqual(new Map([[key, first]]));
  expect(valuesOf(await there.read((dbal) => asset.get(dbal, [key])))).toEqual(new Map([[key, second]]));
}

async function refusesTwins<T extends { readonly key: string }>(suite: Suite, asset: KeyedCase<T>): Promise<void> {
  const room = await suite.openRoom();
  const add = (key: string) =>
    room.write(async (dbal, now) => {
      const made = asset.build(room.random, { key, creationDate: now });
      asset.add(dbal, made);
      return made;
    });
  const first = await add(room.random.key());
  await expect(add(first.key)).rejects.toThrow();
  expect(valuesOf(await room.read((dbal) => asset.get(dbal, [first.key])))).toEqual(new Map([[first.key, first]]));
}
