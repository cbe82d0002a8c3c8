import type { ComputeTask } from '@orchestrator/lib';
import { indexPrefix } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** An item of a plan's index: a task and the function that it uses. */
export type PlanItem = readonly [taskKey: string, functionKey: string];

/** The index of a plan's tasks. */
export function planPrefix(computePlanKey: string): string {
  return indexPrefix('plan', computePlanKey);
}

/** The index of the tasks that use a function. */
export function functionPrefix(functionKey: string): string {
  return indexPrefix('functiontask', functionKey);
}

/** The index of a task's children, but for those that its own value names. */
export function childPrefix(parentKey: string): string {
  return indexPrefix('child', parentKey);
}

/** The index of what was registered under a task: models, performances, output assets. Its items are `TaskItem`s. */
export function taskPrefix(taskKey: string): string {
  return indexPrefix('task', taskKey);
}

/** One thing that was registered under a task. */
export type TaskItem =
  | { readonly model: string }
  | { readonly performance: string }
  /** `n` orders the output assets of one transaction over all tasks. */
  | { readonly n: number; readonly output: unknown };

/** Adds to the index of what was registered under a task. */
export function appendTaskItem(transaction: LedgerTransaction, taskKey: string, item: TaskItem): void {
  transaction.append(taskPrefix(taskKey), [JSON.stringify(item)]);
}

/** Adds new tasks to the indexes of creation, plan and function: one value each, however many tasks there are. */
export function indexTasks(transaction: LedgerTransaction, tasks: readonly ComputeTask[]): void {
  const created = indexPrefix('created', 'computetask');
  for (const { key, computePlanKey, functionKey } of tasks) {
    const item: PlanItem = [key, functionKey];
    transaction.append(created, [JSON.stringify(key)]);
    transaction.append(planPrefix(computePlanKey), [JSON.stringify(item)]);
    transaction.append(functionPrefix(functionKey), [JSON.stringify(key)]);
  }
}
