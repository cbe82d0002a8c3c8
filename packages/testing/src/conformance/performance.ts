import { Performance } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildPerformance } from '../builders/assets.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Suite } from './suite.ts';
import { ODD_TEXTS, malformedKeys } from './texts.ts';

export function performanceConformance(suite: Suite): void {
  listingConformance<Performance>(suite, {
    name: 'performances',
    codec: Performance,
    build: (random, creationDate) => buildPerformance(random, { computeTaskKey: random.key(), creationDate }),
    add: (dbal, performances) => performances.forEach((each) => dbal.performance.addPerformance(each)),
    query: (dbal, page) => dbal.performance.queryPerformances({}, page),
    orderOf: (performance) => [performance.computeTaskKey, performance.computeTaskOutputIdentifier],
  });
  listingConformance<Performance>(suite, {
    name: 'performances of one task',
    codec: Performance,
    build: (random, creationDate) =>
      buildPerformance(random, {
        computeTaskKey: TASK,
        computeTaskOutputIdentifier: `${random.pick(ODD_TEXTS)}${random.hex(4)}`,
        creationDate,
      }),
    add: (dbal, performances) => performances.forEach((each) => dbal.performance.addPerformance(each)),
    query: (dbal, page) => dbal.performance.queryPerformances({ computeTaskKey: TASK }, page),
    orderOf: (performance) => [performance.computeTaskOutputIdentifier],
  });
  describe('performances', () => {
    it('are filtered by task and output, in the order of UTF-8 bytes', () => filters(suite));
    it('keep every value', () => keepsValues(suite));
    it('of one output cannot be added twice', () => refusesTwins(suite));
  });
}

const TASK = '1e57ab1e-0000-4000-8000-000000000000';

async function filters(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const tasks = [room.random.key(), room.random.key()].toSorted();
  // In UTF-8 the astral character comes last, in UTF-16 before U+FFFF.
  const identifiers = ['Z', 'a', 'b', 'é', '\uffff', '\u{10000}'];
  await room.write(async (dbal, now) => {
    for (const computeTaskKey of tasks.toReversed()) {
      for (const computeTaskOutputIdentifier of identifiers.toReversed()) {
        dbal.performance.addPerformance(
          buildPerformance(room.random, { computeTaskKey, computeTaskOutputIdentifier, creationDate: now }),
        );
      }
    }
  });
  const query = async (filter: { computeTaskKey?: string; computeTaskOutputIdentifier?: string }) => {
    const pages = await room.read((dbal) => allPages((page) => dbal.performance.queryPerformances(filter, page), 5));
    const found = pages.flatMap((page) => itemsOf(Performance, page));
    return found.map((each) => [each.computeTaskKey, each.computeTaskOutputIdentifier]);
  };
  const [one = '', two = ''] = tasks;
  const all = [one, two].flatMap((task) => identifiers.map((identifier) => [task, identifier]));
  expect(await query({})).toEqual(all);
  expect(await query({ computeTaskKey: two })).toEqual(all.slice(identifiers.length));
  for (const computeTaskOutputIdentifier of [...identifiers, 'z', '']) {
    const expected = all.filter(([, identifier]) => identifier === computeTaskOutputIdentifier);
    expect(await query({ computeTaskOutputIdentifier })).toEqual(expected);
    expect(await query({ computeTaskKey: one, computeTaskOutputIdentifier })).toEqual(expected.slice(0, 1));
  }
  for (const computeTaskKey of [room.random.key(), ...malformedKeys(one)]) {
    expect(await query({ computeTaskKey })).toEqual([]);
  }
}

async function keepsValues(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const values = [0, -0, 1, -1, 0.1, 1e-45, 3.4028234663852886e38, Infinity, -Infinity, NaN].map(Math.fround);
  const computeTaskKey = room.random.key();
  await room.write(async (dbal, now) => {
    for (const [index, performanceValue] of values.entries()) {
      const computeTaskOutputIdentifier = String(index);
      dbal.performance.addPerformance(
        buildPerformance(room.random, {
          computeTaskKey,
          computeTaskOutputIdentifier,
          performanceValue,
          creationDate: now,
        }),
      );
    }
  });
  const page = await room.read((dbal) => dbal.performance.queryPerformances({}, firstPage(20)));
  expect(itemsOf(Performance, page).map((each) => each.performanceValue)).toEqual(values);
}

async function refusesTwins(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const computeTaskKey = room.random.key();
  const add = (performanceValue: number) =>
    room.write(async (dbal, now) => {
      dbal.performance.addPerformance(
        buildPerformance(room.random, { computeTaskKey, performanceValue, creationDate: now }),
      );
    });
  await add(1);
  await expect(add(2)).rejects.toThrow();
  const page = await room.read((dbal) => dbal.performance.queryPerformances({}, firstPage(20)));
  expect(itemsOf(Performance, page).map((each) => each.performanceValue)).toEqual([1]);
}
