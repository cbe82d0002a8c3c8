import { ComputeTask, type ComputeTaskFilter, ComputeTaskStatus } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildComputeTask, buildPermissions } from '../builders/assets.ts';
import { keyedConformance } from './keyed.ts';
import { allPages, firstPage, itemsOf, listingConformance } from './listing.ts';
import type { Room, Suite } from './suite.ts';
import { ODD_TEXTS, malformedKeys, oddMap } from './texts.ts';

/** Every status that a task can have. */
export const TASK_STATUSES: readonly ComputeTaskStatus[] = Object.values(ComputeTaskStatus).filter(
  (status) => status !== ComputeTaskStatus.STATUS_UNKNOWN,
);

export function computeTaskConformance(suite: Suite): void {
  keyedConformance<ComputeTask>(suite, {
    name: 'compute tasks',
    build: buildComputeTask,
    add: (dbal, task) => dbal.computeTask.addComputeTasks([{ task, parentKeys: [] }]),
    get: (dbal, keys) => dbal.computeTask.getComputeTasks(keys),
  });
  listingConformance<ComputeTask>(suite, {
    name: 'compute tasks',
    codec: ComputeTask,
    build: (random, creationDate) => buildComputeTask(random, { creationDate }),
    add: (dbal, tasks) => dbal.computeTask.addComputeTasks(tasks.map((task) => ({ task, parentKeys: [] }))),
    query: (dbal, page) => dbal.computeTask.queryComputeTasks({}, page),
    orderOf: (task) => [task.key],
  });
  describe('compute tasks', () => {
    it('keep the order of inputs, odd identifiers and metadata', () => keepsEverything(suite));
    it('are filtered by worker, status, plan and function, and by all of them', () => filters(suite));
    it('change their status and nothing else', () => changesStatuses(suite));
    it('tell whether one of a plan is unfinished', () => tellsUnfinished(suite));
  });
}

async function keepsEverything(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const written = await room.write(async (dbal, now) => {
    const asset = { $case: 'assetKey' as const, value: room.random.key() };
    const parentTaskKey = room.random.key();
    const task = buildComputeTask(room.random, {
      creationDate: now,
      rank: 2_147_483_647,
      metadata: oddMap(),
      inputs: ODD_TEXTS.flatMap((identifier) => [
        { identifier, ref: asset },
        { identifier: 'z', ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier: identifier } } },
      ]),
      outputs: new Map(ODD_TEXTS.map((text) => [text, { permissions: buildPermissions(), transient: true }])),
    });
    dbal.computeTask.addComputeTasks([{ task, parentKeys: [parentTaskKey] }]);
    return task;
  });
  const found = await room.read((dbal) => dbal.computeTask.getComputeTasks([written.key]));
  expect(found.get(written.key)?.value).toEqual(written);
}

async function addTasks(room: Room, overrides: readonly Partial<ComputeTask>[]): Promise<ComputeTask[]> {
  return room.write(async (dbal, now) => {
    const tasks = overrides.map((each) => buildComputeTask(room.random, { ...each, creationDate: now }));
    dbal.computeTask.addComputeTasks(tasks.map((task) => ({ task, parentKeys: [] })));
    return tasks.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  });
}

async function filters(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [plan, otherPlan, fn, otherFn] = [room.random.key(), room.random.key(), room.random.key(), room.random.key()];
  const all: Partial<ComputeTask>[] = [];
  for (const computePlanKey of [plan, otherPlan]) {
    for (const functionKey of [fn, otherFn]) {
      for (const worker of ['one', 'é\u{1f9ea}']) {
        for (const status of [ComputeTaskStatus.STATUS_DONE, ComputeTaskStatus.STATUS_BUILDING]) {
          all.push({ computePlanKey, functionKey, worker, status });
        }
      }
    }
  }
  const half = all.length / 2;
  const shuffled = room.random.shuffle(all);
  const tasks = [...(await addTasks(room, shuffled.slice(0, half))), ...(await addTasks(room, shuffled.slice(half)))];
  const query = async (filter: ComputeTaskFilter): Promise<ComputeTask[]> => {
    const pages = await room.read((dbal) => allPages((page) => dbal.computeTask.queryComputeTasks(filter, page), 3));
    expect(pages.length).toBe(Math.max(1, Math.ceil(pages.flatMap((page) => page.items).length / 3)));
    return pages.flatMap((page) => itemsOf(ComputeTask, page));
  };
  const status = ComputeTaskStatus.STATUS_DONE;
  const given: ComputeTaskFilter = { worker: 'é\u{1f9ea}', status, computePlanKey: plan, functionKey: otherFn };
  for (const filter of subsets(given)) {
    const names = Object.keys(filter) as (keyof ComputeTaskFilter)[];
    expect(await query(filter)).toEqual(tasks.filter((task) => names.every((name) => task[name] === filter[name])));
  }
  const nothing: ComputeTaskFilter[] = [
    { worker: 'ONE' },
    { status: ComputeTaskStatus.STATUS_FAILED },
    { computePlanKey: fn },
    ...malformedKeys(plan).map((computePlanKey) => ({ computePlanKey })),
    ...malformedKeys(fn).map((functionKey) => ({ functionKey, worker: 'one' })),
  ];
  for (const filter of nothing) expect(await query(filter)).toEqual([]);
}

function subsets(filter: ComputeTaskFilter): ComputeTaskFilter[] {
  let found: ComputeTaskFilter[] = [{}];
  for (const [name, value] of Object.entries(filter) as [string, unknown][]) {
    found = found.flatMap((each) => [each, { ...each, [name]: value }]);
  }
  return found;
}

async function changesStatuses(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const tasks = await addTasks(room, [{}, {}, {}, {}]);
  const statuses = [
    ComputeTaskStatus.STATUS_FAILED,
    ComputeTaskStatus.STATUS_EXECUTING,
    ComputeTaskStatus.STATUS_CANCELED,
  ];
  const changed = tasks.map((task, index) => ({ ...task, status: statuses[index] ?? task.status }));
  await room.write(async (dbal) => {
    dbal.computeTask.updateComputeTaskStatuses(changed.slice(0, 2));
    dbal.computeTask.updateComputeTaskStatuses(changed.slice(2, 3));
    const page = await dbal.computeTask.queryComputeTasks({}, firstPage(10));
    expect(itemsOf(ComputeTask, page)).toEqual(changed);
  });
  const page = await room.read((dbal) => dbal.computeTask.queryComputeTasks({}, firstPage(10)));
  expect(itemsOf(ComputeTask, page)).toEqual(changed);
  const status = ComputeTaskStatus.STATUS_EXECUTING;
  const executing = await room.read((dbal) => dbal.computeTask.queryComputeTasks({ status }, firstPage(10)));
  expect(itemsOf(ComputeTask, executing)).toEqual(changed.slice(1, 2));
}

async function tellsUnfinished(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const final: readonly ComputeTaskStatus[] = [
    ComputeTaskStatus.STATUS_DONE,
    ComputeTaskStatus.STATUS_FAILED,
    ComputeTaskStatus.STATUS_CANCELED,
  ];
  const plans = TASK_STATUSES.map((status) => ({ status, computePlanKey: room.random.key() }));
  const finished = room.random.key();
  const finishedTasks = final.map((status) => ({ status, computePlanKey: finished }));
  const tasks = await addTasks(room, [...plans, ...finishedTasks]);
  for (const { status, computePlanKey } of plans) {
    const expected = !final.includes(status);
    expect(await room.read((dbal) => dbal.computeTask.hasUnfinishedTask(computePlanKey))).toBe(expected);
  }
  for (const key of [finished, room.random.key(), ...malformedKeys(plans[0]?.computePlanKey ?? '')]) {
    expect(await room.read((dbal) => dbal.computeTask.hasUnfinishedTask(key))).toBe(false);
  }
  await room.write(async (dbal) => {
    const done = tasks.filter((task) => task.computePlanKey === plans[0]?.computePlanKey);
    expect(done.length).toBe(1);
    dbal.computeTask.updateComputeTaskStatuses(
      done.map((task) => ({ ...task, status: ComputeTaskStatus.STATUS_DONE })),
    );
    expect(await dbal.computeTask.hasUnfinishedTask(plans[0]?.computePlanKey ?? '')).toBe(false);
  });
}
