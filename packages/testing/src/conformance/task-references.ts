import {
  type ComputePlan,
  type ComputeTask,
  type DataManager,
  type DataSample,
  type Dbal,
  type Model,
  type OrchestratorFunction,
  type Stored,
  type TaskReferenceQuery,
  type TaskReferences,
  type Timestamp,
} from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import {
  buildComputePlan,
  buildComputeTask,
  buildDataManager,
  buildDataSample,
  buildFunction,
  buildModel,
  buildOrganization,
} from '../builders/assets.ts';
import type { Random } from '../random/random.ts';
import type { Suite } from './suite.ts';
import { malformedKeys } from './texts.ts';

interface Cast {
  readonly plan: ComputePlan;
  readonly functions: readonly OrchestratorFunction[];
  readonly tasks: readonly ComputeTask[];
  readonly dataManager: DataManager;
  readonly samples: readonly DataSample[];
  readonly models: readonly Model[];
}

export function taskReferenceConformance(suite: Suite): void {
  describe('references of new tasks', () => {
    it('give all that exists of what a batch names', () => givesWhatExists(suite));
    it('give the functions of the found tasks, and which of those have a disabled model', () => givesMore(suite));
    it('give nothing of another channel, and nothing for nothing', () => givesNothing(suite));
  });
}

function addCast(dbal: Dbal, random: Random, creationDate: Timestamp): Cast {
  const plan = buildComputePlan(random, { creationDate });
  const functions = Array.from({ length: 3 }, () => buildFunction(random, { creationDate }));
  const tasks = functions.slice(0, 2).map((fn) => {
    return buildComputeTask(random, { computePlanKey: plan.key, functionKey: fn.key, creationDate });
  });
  const dataManager = buildDataManager(random, { creationDate });
  const samples = Array.from({ length: 3 }, () => buildDataSample(random, { creationDate }));
  const models = tasks.flatMap((task, index) => [
    buildModel(random, { computeTaskKey: task.key, creationDate }),
    buildModel(random, { computeTaskKey: task.key, creationDate, ...(index === 1 ? { address: undefined } : {}) }),
  ]);
  dbal.organization.addOrganization(buildOrganization(random, { id: 'one é', creationDate }));
  dbal.computePlan.addComputePlan(plan);
  for (const fn of functions) dbal.function.addFunction(fn);
  dbal.computeTask.addComputeTasks(tasks.map((task) => ({ task, parentKeys: [] })));
  dbal.dataManager.addDataManager(dataManager);
  dbal.dataSample.addDataSamples(samples);
  dbal.model.addModels(models);
  return { plan, functions, tasks, dataManager, samples, models };
}

/** Asks for everything of the cast, twice, among keys that exist nowhere. */
function queryFor(cast: Cast, random: Random): TaskReferenceQuery {
  const among = (keys: readonly string[]) => [...malformedKeys(keys[0] ?? ''), ...keys, random.key(), ...keys];
  const assets = [cast.dataManager, ...cast.samples, ...cast.models];
  return {
    taskKeys: among(cast.tasks.map((task) => task.key)),
    computePlanKeys: among([cast.plan.key]),
    functionKeys: among(cast.functions.map((fn) => fn.key)),
    assetKeys: among(assets.map((asset) => asset.key)),
    organizationIds: ['one é', 'nobody', '', 'one é'],
  };
}

function values<T>(found: ReadonlyMap<string, Stored<T>>): Map<string, T> {
  return new Map([...found].map(([key, stored]) => [key, stored.value]));
}

function keyed<T extends { readonly key: string }>(assets: readonly T[]): Map<string, T> {
  return new Map(assets.map((asset) => [asset.key, asset]));
}

function expectAll(found: TaskReferences, cast: Cast): void {
  expect(values(found.tasks)).toEqual(keyed(cast.tasks));
  expect(values(found.computePlans)).toEqual(keyed([cast.plan]));
  expect(values(found.functions)).toEqual(keyed(cast.functions));
  expect(values(found.dataManagers)).toEqual(keyed([cast.dataManager]));
  expect(values(found.dataSamples)).toEqual(keyed(cast.samples));
  expect(values(found.models)).toEqual(keyed(cast.models));
  expect(found.organizationIds).toEqual(new Set(['one é']));
  expect(found.tasksWithDisabledModel).toEqual(new Set([cast.tasks[1]?.key]));
}

async function givesWhatExists(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const cast = await room.write(async (dbal, now) => {
    const added = addCast(dbal, room.random, now);
    expectAll(await dbal.computeTask.getTaskReferences(queryFor(added, room.random)), added);
    return added;
  });
  await room.write(async (dbal) => {
    expectAll(await dbal.computeTask.getTaskReferences(queryFor(cast, room.random)), cast);
  });
}

async function givesMore(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const cast = await room.write(async (dbal, now) => addCast(dbal, room.random, now));
  const [sound, hurt] = cast.tasks as [ComputeTask, ComputeTask];
  const ask = (taskKeys: readonly string[]) =>
    room.write((dbal) =>
      dbal.computeTask.getTaskReferences({
        taskKeys,
        computePlanKeys: [],
        functionKeys: [cast.functions[2]?.key ?? ''],
        assetKeys: [],
        organizationIds: [],
      }),
    );
  const ofSound = await ask([sound.key]);
  expect(values(ofSound.functions)).toEqual(keyed(cast.functions.filter((_, index) => index !== 1)));
  expect(ofSound.tasksWithDisabledModel).toEqual(new Set());
  const ofHurt = await ask([hurt.key]);
  expect(values(ofHurt.functions)).toEqual(keyed(cast.functions.slice(1)));
  expect(ofHurt.tasksWithDisabledModel).toEqual(new Set([hurt.key]));
}

async function givesNothing(suite: Suite): Promise<void> {
  const [room, neighbour] = [await suite.openRoom(), await suite.openRoom()];
  const cast = await room.write(async (dbal, now) => addCast(dbal, room.random, now));
  const empty: TaskReferenceQuery = {
    taskKeys: [],
    computePlanKeys: [],
    functionKeys: [],
    assetKeys: [],
    organizationIds: [],
  };
  const found = [
    await neighbour.write((dbal) => dbal.computeTask.getTaskReferences(queryFor(cast, room.random))),
    await room.write((dbal) => dbal.computeTask.getTaskReferences(empty)),
  ];
  for (const references of found) {
    const parts: { readonly size: number }[] = Object.values(references);
    expect(parts.map(({ size }) => size)).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  }
}
