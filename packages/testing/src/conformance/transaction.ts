import { type Dbal, Event, type Timestamp } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import {
  buildComputePlan,
  buildComputeTask,
  buildDataManager,
  buildDataSample,
  buildEvent,
  buildFailureReport,
  buildFunction,
  buildModel,
  buildOrganization,
  buildOutputAsset,
  buildPerformance,
} from '../builders/assets.ts';
import { allPages, itemsOf } from './listing.ts';
import type { Room, Suite } from './suite.ts';

const ASSET_KEY = '0dd5eed5-0000-4000-8000-000000000000';

export function transactionConformance(suite: Suite): void {
  describe('transactions', () => {
    it('have later instants than those before them in their channel', () => haveLaterInstants(suite));
    it('give each event an id of its own, and a channel and caller', () => giveEventIds(suite));
    it('of one channel lose no update when they run at once', () => loseNoUpdate(suite));
    it('log events in the order of their instants when they run at once', () => logInOrder(suite));
    it('write all or nothing over all assets', () => writeAllOrNothing(suite));
    it('hide what is not committed', () => hideOpenWrites(suite));
  });
}

async function haveLaterInstants(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const instants: bigint[] = [];
  for (let round = 0; round < 4; round += 1) {
    const instant = await room.write(async (dbal, now, context) => {
      dbal.computePlan.addComputePlan(buildComputePlan(room.random, { creationDate: now }));
      return context.instant;
    });
    instants.push(instant);
  }
  expect(new Set(instants).size).toBe(instants.length);
  expect(instants.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(instants);
}

async function giveEventIds(suite: Suite): Promise<void> {
  const [room, neighbour] = [await suite.openRoom(), await suite.openRoom()];
  const ids: string[] = [];
  for (const each of [room, room, neighbour]) {
    await each.write(async (dbal, now, context) => {
      dbal.computePlan.addComputePlan(buildComputePlan(each.random, { creationDate: now }));
      ids.push(...[0, 1, 2].map((index) => context.eventId(index)));
      expect(context.channel).toBe(each.channel);
      expect(context.mspid).not.toBe('');
    });
  }
  expect(new Set(ids).size).toBe(9);
  expect(ids.every((id) => id !== '')).toBe(true);
}

async function loseNoUpdate(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const { key } = await room.write(async (dbal, now) => {
    const plan = buildComputePlan(room.random, { creationDate: now });
    dbal.computePlan.addComputePlan(plan);
    return plan;
  });
  const append = (text: string) =>
    room.write(async (dbal) => {
      const plan = (await dbal.computePlan.getComputePlans([key])).get(key)?.value;
      if (plan === undefined) throw new Error('the plan is missing');
      dbal.computePlan.updateComputePlans([{ ...plan, tag: `${plan.tag}${text}` }]);
    });
  await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(append));
  const found = await room.read((dbal) => dbal.computePlan.getComputePlans([key]));
  const letters = (found.get(key)?.value.tag ?? '').split('');
  expect(letters.toSorted().join('')).toBe('abcdef');
}

async function logInOrder(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = () =>
    room.write(async (dbal, timestamp) => {
      dbal.event.addEvents(
        Array.from({ length: 3 }, () => buildEvent(room.random, { channel: room.channel, timestamp })),
      );
    });
  await Promise.all(Array.from({ length: 5 }, add));
  const pages = await room.read((dbal) => allPages((page) => dbal.event.queryEvents({}, false, page), 4));
  const times = pages.flatMap((page) => itemsOf(Event, page)).map(timeOf);
  expect(times.length).toBe(15);
  expect(times.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(times);
  expect(new Set(times).size).toBe(5);
}

function timeOf(event: Event): bigint {
  return (event.timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(event.timestamp?.nanos ?? 0);
}

/** One of every asset, under the keys that `countEverything` looks for. */
function addEverything(dbal: Dbal, room: Room, now: Timestamp): void {
  const { random, channel } = room;
  const dated = { key: ASSET_KEY, creationDate: now };
  const ofTask = { computeTaskKey: ASSET_KEY, creationDate: now };
  dbal.organization.addOrganization(buildOrganization(random, { id: 'one', creationDate: now }));
  dbal.function.addFunction(buildFunction(random, dated));
  dbal.dataManager.addDataManager(buildDataManager(random, dated));
  dbal.dataSample.addDataSamples([buildDataSample(random, dated)]);
  dbal.computePlan.addComputePlan(buildComputePlan(random, dated));
  dbal.computeTask.addComputeTasks([{ task: buildComputeTask(random, dated), parentKeys: [] }]);
  dbal.model.addModels([buildModel(random, { ...dated, computeTaskKey: ASSET_KEY })]);
  dbal.performance.addPerformance(buildPerformance(random, ofTask));
  dbal.computeTask.addOutputAssets([buildOutputAsset(random, { computeTaskKey: ASSET_KEY })]);
  dbal.failureReport.addFailureReport(buildFailureReport(random, { assetKey: ASSET_KEY, creationDate: now }));
  dbal.event.addEvents([buildEvent(random, { channel, timestamp: now })]);
  dbal.replay.storeAnswer('one', 'k', { digest: 'ab'.repeat(32), answer: new Uint8Array([1]) });
}

/** How many there are of what `addEverything` adds, in its order. */
async function countEverything(dbal: Dbal): Promise<number[]> {
  const keys = [ASSET_KEY];
  const page = { size: 10, maxBytes: 1_000_000 };
  return [
    (await dbal.organization.getAllOrganizations()).length,
    (await dbal.function.getFunctions(keys)).size,
    (await dbal.dataManager.getDataManagers(keys)).size,
    (await dbal.dataSample.getDataSamples(keys)).size,
    (await dbal.computePlan.getComputePlans(keys)).size,
    (await dbal.computeTask.getComputeTasks(keys)).size,
    (await dbal.model.getModels(keys)).size,
    (await dbal.performance.queryPerformances({}, page)).items.length,
    (await dbal.computeTask.getOutputAssets(keys)).length,
    (await dbal.failureReport.getFailureReport(ASSET_KEY)) === undefined ? 0 : 1,
    (await dbal.event.queryEvents({}, false, page)).items.length,
    (await dbal.replay.getAnswer('one', 'k')) === undefined ? 0 : 1,
  ];
}

const NOTHING = Array.from({ length: 12 }, () => 0);
const EVERYTHING = NOTHING.map(() => 1);

async function writeAllOrNothing(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const failing = room.write(async (dbal, now) => {
    addEverything(dbal, room, now);
    expect(await countEverything(dbal)).toEqual(EVERYTHING);
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  expect(await room.read(countEverything)).toEqual(NOTHING);
  // The last write is refused, at once or at the commit: the ones before it go with it.
  const refused = room.write(async (dbal, now) => {
    addEverything(dbal, room, now);
    dbal.function.addFunction(buildFunction(room.random, { key: ASSET_KEY, creationDate: now }));
  });
  await expect(refused).rejects.toThrow();
  expect(await room.read(countEverything)).toEqual(NOTHING);
  await room.write(async (dbal, now) => addEverything(dbal, room, now));
  expect(await room.read(countEverything)).toEqual(EVERYTHING);
}

async function hideOpenWrites(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const { key } = await room.write(async (dbal, now) => {
    const plan = buildComputePlan(room.random, { creationDate: now });
    dbal.computePlan.addComputePlan(plan);
    // Its own answer shows that the write has reached the store.
    expect((await dbal.computePlan.getComputePlans([plan.key])).size).toBe(1);
    expect((await room.read((other) => other.computePlan.getComputePlans([plan.key]))).size).toBe(0);
    return plan;
  });
  expect((await room.read((dbal) => dbal.computePlan.getComputePlans([key]))).size).toBe(1);
}
