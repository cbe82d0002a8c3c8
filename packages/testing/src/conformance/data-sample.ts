import { DataSample } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildDataSample } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Room, Suite } from './suite.ts';
import { malformedKeys } from './texts.ts';

export function dataSampleConformance(suite: Suite): void {
  keyedConformance<DataSample>(suite, {
    name: 'data samples',
    build: buildDataSample,
    add: (dbal, sample) => dbal.dataSample.addDataSamples([sample]),
    get: (dbal, keys) => dbal.dataSample.getDataSamples(keys),
  });
  listingConformance<DataSample>(suite, {
    name: 'data samples',
    codec: DataSample,
    build: (random, creationDate) => buildDataSample(random, { creationDate, dataManagerKeys: [random.key()] }),
    add: (dbal, samples) => dbal.dataSample.addDataSamples(samples),
    query: (dbal, page) => dbal.dataSample.queryDataSamples({}, page),
    orderOf: (sample) => [sample.key],
  });
  describe('data samples', () => {
    it('are filtered by key', () => filtersByKey(suite));
    it('of a data manager are known by creation date then key, and follow updates', () => followsManagers(suite));
    it('come in large batches', () => takesLargeBatches(suite));
  });
}

async function addSamples(room: Room, dataManagerKeys: readonly (readonly string[])[]): Promise<DataSample[]> {
  return room.write(async (dbal, now) => {
    const made = dataManagerKeys.map((keys) =>
      buildDataSample(room.random, { creationDate: now, dataManagerKeys: [...keys] }),
    );
    dbal.dataSample.addDataSamples(made);
    return made.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  });
}

async function filtersByKey(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const samples = [...(await addSamples(room, [[], [], []])), ...(await addSamples(room, [[], []]))];
  const wanted = samples.filter((_, index) => index % 2 === 0);
  const [first] = wanted;
  const keys = [...wanted.toReversed().map((sample) => sample.key), room.random.key(), first?.key ?? ''];
  const asked = [...keys, ...malformedKeys(samples[1]?.key ?? '')];
  for (const size of [1, 2, 3, 10]) {
    const pages = await room.read((dbal) =>
      allPages((page) => dbal.dataSample.queryDataSamples({ keys: asked }, page), size),
    );
    expect(pages.flatMap((page) => itemsOf(DataSample, page))).toEqual(wanted);
    expect(pages.length).toBe(Math.ceil(wanted.length / size));
  }
  const none = await room.read((dbal) => dbal.dataSample.queryDataSamples({ keys: ['x'] }, firstPage(10)));
  expect(none).toEqual({ items: [] });
}

async function followsManagers(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [one, two] = [room.random.key(), room.random.key()];
  const samples = [...(await addSamples(room, [[one], [two], [one, two]])), ...(await addSamples(room, [[two], []]))];
  const keysOf = (manager: string) =>
    samples.filter((each) => each.dataManagerKeys.includes(manager)).map((each) => each.key);
  expect(await room.read((dbal) => dbal.dataSample.getDataSampleKeys(one))).toEqual(keysOf(one));
  expect(await room.read((dbal) => dbal.dataSample.getDataSampleKeys(two))).toEqual(keysOf(two));
  const updated = samples.map((each) => ({
    ...each,
    dataManagerKeys: [...new Set([...each.dataManagerKeys, one])],
  }));
  await room.write(async (dbal) => {
    dbal.dataSample.updateDataSamples(updated);
    expect(await dbal.dataSample.getDataSampleKeys(one)).toEqual(samples.map((each) => each.key));
  });
  const page = await room.read((dbal) => dbal.dataSample.queryDataSamples({}, firstPage(10)));
  expect(itemsOf(DataSample, page)).toEqual(updated);
  expect(await room.read((dbal) => dbal.dataSample.getDataSampleKeys(two))).toEqual(keysOf(two));
  for (const key of [room.random.key(), ...malformedKeys(one)]) {
    expect(await room.read((dbal) => dbal.dataSample.getDataSampleKeys(key))).toEqual([]);
  }
}

async function takesLargeBatches(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const manager = room.random.key();
  const samples = await addSamples(
    room,
    Array.from({ length: suite.maxBatchSize }, () => [manager]),
  );
  const keys = samples.map((sample) => sample.key);
  expect(await room.read((dbal) => dbal.dataSample.getDataSampleKeys(manager))).toEqual(keys);
  expect((await room.read((dbal) => dbal.dataSample.getDataSamples(keys))).size).toBe(keys.length);
}
