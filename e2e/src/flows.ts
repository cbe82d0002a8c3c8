import {
  type ComputePlan,
  type ComputeTask,
  ComputeTaskAction as TaskAction,
  type DataManager,
  type DataSample,
  FunctionAction,
  type NewComputePlan,
  type NewComputeTask,
  type NewDataManager,
  type NewDataSample,
  type NewFunction,
  type OrchestratorFunction,
} from '@orchestrator/lib';
import { assert } from './assert.ts';
import { newDataManager, newDataSample, newFunction, newPlan, newTask } from './assets.ts';
import type { Caller } from './client.ts';
import type { Loose } from './methods.ts';

/** How far a function is to be brought. */
export type FunctionGoal = 'waiting' | 'building' | 'ready' | 'failed' | 'canceled';

const { FUNCTION_ACTION_BUILDING, FUNCTION_ACTION_READY, FUNCTION_ACTION_FAILED, FUNCTION_ACTION_CANCELED } =
  FunctionAction;

const functionPaths: Readonly<Record<FunctionGoal, readonly FunctionAction[]>> = {
  waiting: [],
  building: [FUNCTION_ACTION_BUILDING],
  ready: [FUNCTION_ACTION_BUILDING, FUNCTION_ACTION_READY],
  failed: [FUNCTION_ACTION_BUILDING, FUNCTION_ACTION_FAILED],
  canceled: [FUNCTION_ACTION_CANCELED],
};

/** Registers a function and drives it to a status. @returns it as it was registered. */
export async function registerFunction(
  owner: Caller,
  changes: Loose<NewFunction> = {},
  goal: FunctionGoal = 'ready',
): Promise<OrchestratorFunction> {
  const registered = await owner.call('RegisterFunction', newFunction(changes));
  await driveFunction(owner, registered.key, goal);
  return registered;
}

/** Drives a WAITING function to a status. */
export async function driveFunction(owner: Caller, functionKey: string, goal: FunctionGoal): Promise<void> {
  for (const action of functionPaths[goal]) await owner.call('ApplyFunctionAction', { functionKey, action });
}

export function registerPlan(owner: Caller, changes: Loose<NewComputePlan> = {}): Promise<ComputePlan> {
  return owner.call('RegisterPlan', newPlan(changes));
}

export function registerDataManager(owner: Caller, changes: Loose<NewDataManager> = {}): Promise<DataManager> {
  return owner.call('RegisterDataManager', newDataManager(changes));
}

export async function registerDataSample(owner: Caller, changes: Loose<NewDataSample> = {}): Promise<DataSample> {
  const { dataSamples } = await owner.call('RegisterDataSamples', { samples: [newDataSample(changes)] });
  return only(dataSamples);
}

type TaskChanges = Loose<NewComputeTask> & { readonly functionKey: string; readonly computePlanKey: string };

/** Registers one task, by default with its owner as worker. */
export async function registerTask(owner: Caller, changes: TaskChanges): Promise<ComputeTask> {
  const { tasks } = await owner.call('RegisterTasks', { tasks: [newTask({ worker: owner.mspid, ...changes })] });
  return only(tasks);
}

/** A function and a plan of the caller, and what is needed to make tasks of them. */
export interface Workshop {
  readonly owner: Caller;
  readonly functionKey: string;
  readonly computePlanKey: string;
  /** A task for a batch; the worker is the owner. */
  readonly task: (changes?: Loose<NewComputeTask>) => Loose<NewComputeTask> & { readonly key: string };
  readonly register: (changes?: Loose<NewComputeTask>) => Promise<ComputeTask>;
}

export async function openWorkshop(
  owner: Caller,
  changes: Loose<NewFunction> = {},
  goal: FunctionGoal = 'ready',
): Promise<Workshop> {
  const { key: functionKey } = await registerFunction(owner, changes, goal);
  const { key: computePlanKey } = await registerPlan(owner);
  const base = { functionKey, computePlanKey, worker: owner.mspid };
  const task: Workshop['task'] = (taskChanges = {}) => newTask({ ...base, ...(taskChanges as object) });
  const register: Workshop['register'] = async (taskChanges = {}) =>
    only((await owner.call('RegisterTasks', { tasks: [task(taskChanges)] })).tasks);
  return { owner, functionKey, computePlanKey, task, register };
}

/** Applies actions to a task, one after another. */
export async function act(caller: Caller, computeTaskKey: string, ...actions: TaskAction[]): Promise<void> {
  for (const action of actions) await caller.call('ApplyTaskAction', { computeTaskKey, action, log: '' });
}

/** Brings a task that waits for its executor slot to DONE, after registering a model under `model`. */
export async function finish(worker: Caller, ...taskKeys: string[]): Promise<void> {
  for (const key of taskKeys) await act(worker, key, TaskAction.TASK_ACTION_EXECUTING, TaskAction.TASK_ACTION_DONE);
}

/** The one item of a list. */
export function only<T>(items: readonly T[]): T {
  assert.equal(items.length, 1);
  return items[0] as T;
}

/** The item of a list at an index that must exist. */
export function at<T>(items: readonly T[], index: number): T {
  const item = items.at(index);
  assert.ok(item !== undefined, `there is no item ${index}`);
  return item;
}
