import { type ComputeTask, ComputeTaskStatus, type NewStoredTask, type TaskReadiness } from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { buildComputeTask, buildOutputAsset } from '../builders/assets.ts';
import { TASK_STATUSES } from './compute-task.ts';
import type { Room, Suite } from './suite.ts';
import { malformedKeys, oddMap } from './texts.ts';

const { STATUS_DONE, STATUS_EXECUTING, STATUS_WAITING_FOR_PARENT_TASKS, STATUS_BUILDING } = ComputeTaskStatus;

/** How tasks stand to their functions, to each other and to what was registered under their outputs. */
export function taskRelationConformance(suite: Suite): void {
  describe('relations of compute tasks', () => {
    it('give the tasks of a function by status, and whether their parents are done', () => givesFunctionTasks(suite));
    it('give the children of a task over all plans, each once', () => givesChildren(suite));
    it('follow changes of status at once', () => followsStatuses(suite));
    it('hold in one channel only', () => keepsChannelsApart(suite));
    it('give output assets in order of registration', () => givesOutputAssets(suite));
    it('hold for large batches', () => takesLargeBatches(suite));
  });
}

type TaskSketch = Partial<ComputeTask> & { readonly parentKeys?: readonly string[] };

async function addTasks(room: Room, sketches: readonly TaskSketch[]): Promise<ComputeTask[]> {
  return room.write(async (dbal, now) => {
    const tasks = sketches.map(({ parentKeys = [], ...overrides }): NewStoredTask => {
      return { task: buildComputeTask(room.random, { ...overrides, creationDate: now }), parentKeys };
    });
    dbal.computeTask.addComputeTasks(tasks);
    return tasks.map(({ task }) => task);
  });
}

function byKey(tasks: readonly ComputeTask[]): ComputeTask[] {
  return tasks.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function plain(found: readonly TaskReadiness[]): { task: ComputeTask; parentsDone: boolean }[] {
  return found.map(({ task, parentsDone }) => ({ task: task.value, parentsDone }));
}

async function givesFunctionTasks(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [functionKey, otherKey] = [room.random.key(), room.random.key()];
  const [done, alsoDone, open] = (
    await addTasks(room, [{ status: STATUS_DONE }, { status: STATUS_DONE }, { status: STATUS_EXECUTING }])
  ).map((task) => task.key) as [string, string, string];
  const sketches = TASK_STATUSES.flatMap((status): TaskSketch[] => [
    { functionKey, status },
    { functionKey, status, parentKeys: [done, alsoDone] },
    { functionKey, status, parentKeys: [done, open] },
    { functionKey: otherKey, status },
  ]);
  const batches = [await addTasks(room, sketches), await addTasks(room, sketches)];
  const ready = new Map(batches.flatMap((batch) => batch.map((task, index) => [task.key, index % 4 !== 2] as const)));
  const expected = (statuses: readonly ComputeTaskStatus[]) =>
    batches
      .flatMap(byKey)
      .filter((task) => task.functionKey === functionKey && statuses.includes(task.status))
      .map((task) => ({ task, parentsDone: ready.get(task.key) }));
  for (const statuses of [[STATUS_BUILDING], [STATUS_DONE, STATUS_BUILDING], TASK_STATUSES]) {
    const found = await room.read((dbal) => dbal.computeTask.getFunctionTasks(functionKey, statuses));
    expect(plain(found)).toEqual(expected(statuses));
  }
  for (const key of [room.random.key(), ...malformedKeys(functionKey)]) {
    expect(await room.read((dbal) => dbal.computeTask.getFunctionTasks(key, TASK_STATUSES))).toEqual([]);
  }
}

async function givesChildren(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [one, two] = (await addTasks(room, [{ status: STATUS_DONE }, { status: STATUS_EXECUTING }])).map(
    (task) => task.key,
  ) as [string, string];
  const takes = (parentTaskKey: string, outputIdentifier: string) => ({
    identifier: 'in',
    ref: { $case: 'parentTaskOutput' as const, value: { parentTaskKey, outputIdentifier } },
  });
  const first = await addTasks(room, [
    { parentKeys: [one], inputs: [takes(one, 'a'), takes(one, 'b'), takes(one, 'a')] },
    { parentKeys: [one, two], status: STATUS_WAITING_FOR_PARENT_TASKS, inputs: [takes(one, 'a'), takes(two, 'a')] },
    { parentKeys: [two] },
    {},
  ]);
  const second = await addTasks(room, [{ parentKeys: [two, one], status: STATUS_WAITING_FOR_PARENT_TASKS }]);
  const [child, common] = first as [ComputeTask, ComputeTask];
  const late = second as [ComputeTask];
  const children = await room.read((dbal) => dbal.computeTask.getChildTasks(one));
  const readiness = [...byKey([child, common]), ...late].map((task) => ({ task, parentsDone: task === child }));
  expect(plain(children)).toEqual(readiness);
  const waiting = await room.read((dbal) => dbal.computeTask.getChildTasks(one, [STATUS_WAITING_FOR_PARENT_TASKS]));
  expect(plain(waiting)).toEqual(readiness.filter(({ task }) => task !== child));
  for (const key of [child.key, room.random.key(), ...malformedKeys(one)]) {
    expect(await room.read((dbal) => dbal.computeTask.getChildTasks(key))).toEqual([]);
  }
}

async function followsStatuses(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  await room.write(async (dbal, now) => {
    const parents = Array.from({ length: 2 }, () => buildComputeTask(room.random, { creationDate: now }));
    const parentKeys = parents.map((task) => task.key);
    const [first = '', second = ''] = parentKeys;
    const child = buildComputeTask(room.random, { creationDate: now });
    const batch = [...parents.map((task) => ({ task, parentKeys: [] })), { task: child, parentKeys }];
    dbal.computeTask.addComputeTasks(batch);
    const ready = async (key: string) =>
      plain(await dbal.computeTask.getChildTasks(key)).map((each) => each.parentsDone);
    for (const [index, parent] of parents.entries()) {
      expect(await ready(first)).toEqual([false]);
      dbal.computeTask.updateComputeTaskStatuses([{ ...parent, status: STATUS_DONE }]);
      expect(await ready(second)).toEqual([index === 1]);
    }
    const own = await dbal.computeTask.getFunctionTasks(child.functionKey, [child.status]);
    expect(plain(own)).toEqual([{ task: child, parentsDone: true }]);
  });
}

async function keepsChannelsApart(suite: Suite): Promise<void> {
  const [here, there] = [await suite.openRoom(), await suite.openRoom()];
  const [key, functionKey, computePlanKey] = [here.random.key(), here.random.key(), here.random.key()];
  const fill = async (room: Room, status: ComputeTaskStatus) => {
    await addTasks(room, [{ key, functionKey, computePlanKey, status }]);
    return addTasks(room, [{ functionKey, computePlanKey, status: STATUS_EXECUTING, parentKeys: [key] }]);
  };
  const ours = await fill(here, STATUS_DONE);
  const theirs = await fill(there, STATUS_BUILDING);
  for (const [room, children, parentsDone] of [
    [here, ours, true],
    [there, theirs, false],
  ] as const) {
    const expected = children.map((task) => ({ task, parentsDone }));
    const found = await room.read((dbal) => dbal.computeTask.getChildTasks(key));
    expect(plain(found)).toEqual(expected);
    const used = await room.read((dbal) => dbal.computeTask.getFunctionTasks(functionKey, [STATUS_EXECUTING]));
    expect(plain(used)).toEqual(expected);
  }
  await here.write(async (dbal) => {
    dbal.computeTask.updateComputeTaskStatuses(ours.map((task) => ({ ...task, status: STATUS_DONE })));
  });
  expect(await here.read((dbal) => dbal.computeTask.hasUnfinishedTask(computePlanKey))).toBe(false);
  expect(await there.read((dbal) => dbal.computeTask.hasUnfinishedTask(computePlanKey))).toBe(true);
}

async function givesOutputAssets(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const [one, two] = [room.random.key(), room.random.key()];
  const identifiers = [...oddMap().keys()];
  const batches = [
    [one, two, one].map((computeTaskKey) => buildOutputAsset(room.random, { computeTaskKey })),
    identifiers.map((computeTaskOutputIdentifier) =>
      buildOutputAsset(room.random, { computeTaskKey: one, computeTaskOutputIdentifier, assetKey: `${one}|x` }),
    ),
    [buildOutputAsset(room.random, { computeTaskKey: two })],
  ];
  for (const batch of batches) {
    await room.write(async (dbal) => {
      dbal.computeTask.addOutputAssets(batch.slice(0, 1));
      dbal.computeTask.addOutputAssets(batch.slice(1));
      const own = await dbal.computeTask.getOutputAssets([one, two]);
      expect(own.slice(-batch.length)).toEqual(batch);
    });
  }
  const all = batches.flat();
  const get = (keys: readonly string[]) => room.read((dbal) => dbal.computeTask.getOutputAssets(keys));
  expect(await get([two, one, two])).toEqual(all);
  expect(await get([one])).toEqual(all.filter((entry) => entry.computeTaskKey === one));
  expect(await get([two, room.random.key()])).toEqual(all.filter((entry) => entry.computeTaskKey === two));
  expect(await get([])).toEqual([]);
  expect(await get([room.random.key(), ...malformedKeys(one)])).toEqual([]);
  const neighbour = await suite.openRoom();
  expect(await neighbour.read((dbal) => dbal.computeTask.getOutputAssets([one, two]))).toEqual([]);
}

async function takesLargeBatches(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const functionKey = room.random.key();
  const [root = ''] = (await addTasks(room, [{ status: STATUS_DONE }])).map((task) => task.key);
  const sketch = { functionKey, status: STATUS_BUILDING, parentKeys: [root] };
  const tasks = byKey(
    await addTasks(
      room,
      Array.from({ length: suite.maxBatchSize }, () => sketch),
    ),
  );
  const keys = tasks.map((task) => task.key);
  expect((await room.read((dbal) => dbal.computeTask.getComputeTasks(keys))).size).toBe(tasks.length);
  const moved = await room.write(async (dbal) => {
    const waiting = await dbal.computeTask.getFunctionTasks(functionKey, [STATUS_BUILDING]);
    expect(waiting.every(({ parentsDone }) => parentsDone)).toBe(true);
    const after = waiting.map(({ task }) => ({ ...task.value, status: STATUS_EXECUTING }));
    dbal.computeTask.updateComputeTaskStatuses(after);
    return after;
  });
  expect(moved.map((task) => task.key)).toEqual(keys);
  const children = await room.read((dbal) => dbal.computeTask.getChildTasks(root, [STATUS_EXECUTING]));
  expect(children.map(({ task }) => task.value)).toEqual(moved);
}
