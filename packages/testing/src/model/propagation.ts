import { type ComputeTask, ComputeTaskStatus, FunctionStatus, type OrchestratorFunction } from '@orchestrator/lib';
import { emitMoved, emitUpdated } from './emit.ts';
import { type ChannelModel, type Turn, byKey } from './state.ts';

const {
  STATUS_WAITING_FOR_PARENT_TASKS,
  STATUS_WAITING_FOR_EXECUTOR_SLOT,
  STATUS_WAITING_FOR_BUILDER_SLOT,
  STATUS_BUILDING,
  STATUS_DONE,
  STATUS_FAILED,
  STATUS_CANCELED,
} = ComputeTaskStatus;

interface Because {
  readonly reason: string;
}

/** The keys of the tasks whose outputs a task takes, each once. */
export function parentKeysOf(task: Pick<ComputeTask, 'inputs'>): string[] {
  const keys = task.inputs.map(({ ref }) => (ref?.$case === 'parentTaskOutput' ? ref.value.parentTaskKey : ''));
  return [...new Set(keys.filter((key) => key !== ''))];
}

/** Of tasks created in one request and before it. */
export function allDone(channel: ChannelModel, taskKeys: readonly string[]): boolean {
  return taskKeys.every((key) => channel.tasks.get(key)?.status === STATUS_DONE);
}

/** Gives a task its new status, with all that follows at once. */
export function moveTask(
  turn: Turn,
  before: ComputeTask,
  change: Because & { readonly status: ComputeTaskStatus },
): void {
  const task = { ...before, status: change.status };
  turn.channel.tasks.set(task.key, task);
  emitMoved(turn, { $case: 'computeTask', value: task }, change);
  if (task.status === STATUS_FAILED) failPlan(turn, task.computePlanKey);
  if (task.status === STATUS_DONE) releaseChildren(turn, task);
}

function failPlan(turn: Turn, key: string): void {
  const before = turn.channel.plans.get(key);
  if (before === undefined || before.cancelationDate !== undefined || before.failureDate !== undefined) return;
  const plan = { ...before, failureDate: turn.now };
  turn.channel.plans.set(key, plan);
  emitUpdated(turn, { $case: 'computePlan', value: plan });
}

function releaseChildren(turn: Turn, parent: ComputeTask): void {
  for (const child of childrenOf(turn.channel, parent.key)) {
    if (child.status !== STATUS_WAITING_FOR_PARENT_TASKS || !allDone(turn.channel, parentKeysOf(child))) continue;
    const reason = `Last parent task ${parent.key} done`;
    moveTask(turn, child, { status: STATUS_WAITING_FOR_EXECUTOR_SLOT, reason });
  }
}

export function childrenOf(channel: ChannelModel, parentKey: string): ComputeTask[] {
  return byKey(channel.tasks.values()).filter((task) => parentKeysOf(task).includes(parentKey));
}

/** What a function's new status does to the tasks that use it. */
export function moveTasksOfFunction(turn: Turn, fn: OrchestratorFunction, because: Because): void {
  for (const task of byKey(turn.channel.tasks.values()).filter((each) => each.functionKey === fn.key)) {
    const status = statusAfter(turn.channel, task, fn.status);
    if (status === undefined) continue;
    const isReady = fn.status === FunctionStatus.FUNCTION_STATUS_READY;
    const reason = isReady ? `Function ${fn.key} finished building` : because.reason;
    moveTask(turn, task, { status, reason });
  }
}

function statusAfter(channel: ChannelModel, task: ComputeTask, fn: FunctionStatus): ComputeTaskStatus | undefined {
  const waits = task.status === STATUS_WAITING_FOR_BUILDER_SLOT;
  const builds = task.status === STATUS_BUILDING;
  if (fn === FunctionStatus.FUNCTION_STATUS_BUILDING && waits) return STATUS_BUILDING;
  if (fn === FunctionStatus.FUNCTION_STATUS_FAILED && builds) return STATUS_FAILED;
  if (fn === FunctionStatus.FUNCTION_STATUS_CANCELED && (waits || builds)) return STATUS_CANCELED;
  if (fn !== FunctionStatus.FUNCTION_STATUS_READY || !builds) return undefined;
  return allDone(channel, parentKeysOf(task)) ? STATUS_WAITING_FOR_EXECUTOR_SLOT : STATUS_WAITING_FOR_PARENT_TASKS;
}
