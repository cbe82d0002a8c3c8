import type { NewComputeTask } from '@orchestrator/lib';
import { buildNewComputeTask } from '@orchestrator/testing';
import type { Call } from '../client/jobs.ts';
import { toCall } from './api.ts';
import { type Scene, taskOutputs } from './scene.ts';

/** Tasks of a layer; each has a parent in the layer before. */
const LAYER = 100;

/** A task as they come: a function, a data manager, one sample, and the model of a parent. */
export function buildTask(scene: Scene, computePlanKey: string, parentTaskKey?: string): NewComputeTask {
  const { dataManagerKey, dataSampleKeys, functionKey, random } = scene;
  const inputs: NewComputeTask['inputs'] = [
    { identifier: 'opener', ref: { $case: 'assetKey', value: dataManagerKey } },
    { identifier: 'datasamples', ref: { $case: 'assetKey', value: random.pick(dataSampleKeys) } },
  ];
  if (parentTaskKey !== undefined) {
    const value = { parentTaskKey, outputIdentifier: 'model' };
    inputs.push({ identifier: 'shared', ref: { $case: 'parentTaskOutput', value } });
  }
  return buildNewComputeTask(random, { functionKey, computePlanKey, inputs, outputs: taskOutputs() });
}

/** The tasks of a plan in layers: all but those of the first have a parent in the layer before. */
export function buildTasks(scene: Scene, computePlanKey: string, count: number): readonly NewComputeTask[] {
  const tasks: NewComputeTask[] = [];
  for (let index = 0; index < count; index += 1) {
    const before = index - (index % LAYER) - LAYER;
    const parent = before < 0 ? undefined : tasks[before + scene.random.below(LAYER)];
    tasks.push(buildTask(scene, computePlanKey, parent?.key));
  }
  return tasks;
}

/** The calls that register the tasks, so many at a time. */
export function registrations(tasks: readonly NewComputeTask[], batch: number): readonly Call[] {
  const calls: Call[] = [];
  for (let first = 0; first < tasks.length; first += batch) {
    calls.push(toCall('RegisterTasks', { tasks: tasks.slice(first, first + batch) }));
  }
  return calls;
}

/** Deals calls out to callers, one by one. */
export function deal(calls: readonly Call[], callers: number): readonly (readonly Call[])[] {
  return Array.from({ length: callers }, (_, caller) => calls.filter((_call, index) => index % callers === caller));
}

/** So many calls: the same few over and over. */
export function repeat(calls: readonly Call[], count: number): readonly Call[] {
  return Array.from({ length: count }, (_, index) => calls[index % calls.length]).flatMap((call) => call ?? []);
}
