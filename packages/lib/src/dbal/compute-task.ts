import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { ComputeTask, ComputeTaskOutputAsset, ComputeTaskStatus } from '../gen/orchestrator/computetask.ts';

/** All given ones must match. */
export interface ComputeTaskFilter {
  readonly worker?: string | undefined;
  readonly status?: ComputeTaskStatus | undefined;
  readonly computePlanKey?: string | undefined;
  readonly functionKey?: string | undefined;
}

/** A task to store, with the distinct keys of the tasks whose outputs it takes. */
export interface NewStoredTask {
  readonly task: ComputeTask;
  readonly parentKeys: readonly string[];
}

/** A task and whether every parent of it is DONE (true without parents). */
export interface TaskReadiness {
  readonly task: Stored<ComputeTask>;
  readonly parentsDone: boolean;
}

/** Compute tasks, and what was registered under their outputs, of the transaction's channel. */
export interface ComputeTaskDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getComputeTasks(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputeTask>>>;
  addComputeTasks(tasks: readonly NewStoredTask[]): void;
  /** Stores the tasks' new statuses; nothing else of a task ever changes. */
  updateComputeTaskStatuses(tasks: readonly ComputeTask[]): void;
  /** The tasks that use a function and are in one of the statuses, by creation date then key. */
  getFunctionTasks(functionKey: string, statuses: readonly ComputeTaskStatus[]): Promise<readonly TaskReadiness[]>;
  /** The tasks that take an output of `parentKey`, each once, by creation date then key; all statuses when none is given. */
  getChildTasks(parentKey: string, statuses?: readonly ComputeTaskStatus[]): Promise<readonly TaskReadiness[]>;
  /** Whether a task of the plan is neither DONE nor FAILED nor CANCELED. */
  hasUnfinishedTask(computePlanKey: string): Promise<boolean>;
  /** By creation date then key. */
  queryComputeTasks(filter: ComputeTaskFilter, page: PageRequest): Promise<Page<ComputeTask>>;
  /** What was registered under the outputs of these tasks, in order of registration (also within one batch). */
  getOutputAssets(taskKeys: readonly string[]): Promise<readonly ComputeTaskOutputAsset[]>;
  addOutputAssets(outputAssets: readonly ComputeTaskOutputAsset[]): void;
}
