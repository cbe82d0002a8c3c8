import { type Event, Event as EventCodec } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import {
  buildComputePlan,
  buildDataManager,
  buildEvent,
  buildFunction,
  buildOrganization,
} from '../builders/assets.ts';
import { allPages, itemsOf } from './listing.ts';
import type { Suite } from './suite.ts';

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
  const times = pages.flatMap((page) => itemsOf<Event>(EventCodec, page)).map(timeOf);
  expect(times.length).toBe(15);
  expect(times.toSorted((a, b) => (a < b ? -1 : 1))).toEqual(times);
  expect(new Set(times).size).toBe(5);
}

function timeOf(event: Event): bigint {
  return (event.timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(event.timestamp?.nanos ?? 0);
}

async function writeAllOrNothing(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const taken = room.random.key();
  await room.write(async (dbal, now) => {
    dbal.function.addFunction(buildFunction(room.random, { key: taken, creationDate: now }));
  });
  const dataManager = buildDataManager(room.random);
  // The last write is refused, at once or at the commit: the ones before it go with it.
  const failing = room.write(async (dbal, now) => {
    dbal.organization.addOrganization(buildOrganization(room.random, { id: 'one', creationDate: now }));
    dbal.dataManager.addDataManager({ ...dataManager, creationDate: now });
    dbal.event.addEvents([buildEvent(room.random, { channel: room.channel, timestamp: now })]);
    dbal.function.addFunction(buildFunction(room.random, { key: taken, creationDate: now }));
  });
  await expect(failing).rejects.toThrow();
  await room.read(async (dbal) => {
    expect(await dbal.organization.getRegisteredIds(['one'])).toEqual(new Set());
    expect((await dbal.dataManager.getDataManagers([dataManager.key])).size).toBe(0);
    expect(await dbal.event.queryEvents({}, false, { size: 10, maxBytes: 1000 })).toEqual({ items: [] });
  });
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
