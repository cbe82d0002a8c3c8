import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { ComputePlan } from '../gen/orchestrator/computeplan.ts';
import type { ComputeTask, ComputeTaskOutputAsset, ComputeTaskStatus } from '../gen/orchestrator/computetask.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';
import type { DataSample } from '../gen/orchestrator/datasample.ts';
import type { FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';
import type { Model } from '../gen/orchestrator/model.ts';

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

/** An input of a new task that is given by an asset's key. */
export interface AssetInput {
  readonly functionKey: string;
  /** Of the input, as the function names it. */
  readonly identifier: string;
  readonly assetKey: string;
}

/** Everything that a batch of new tasks names. Entries may repeat and may exist nowhere. */
export interface TaskReferenceQuery {
  /** The new tasks and their parents. */
  readonly taskKeys: readonly string[];
  readonly computePlanKeys: readonly string[];
  readonly functionKeys: readonly string[];
  /** Data managers, data samples and models: which of them a key names is for the function to say. */
  readonly assetKeys: readonly string[];
  /**
   * The same by the inputs that name them: where every read costs, an adapter may look only where the function of an
   * input says. Absent: a key is looked for everywhere.
   */
  readonly assetInputs?: readonly AssetInput[];
  readonly organizationIds: readonly string[];
}

/** What exists of a `TaskReferenceQuery`, by key. */
export interface TaskReferences {
  readonly tasks: ReadonlyMap<string, Stored<ComputeTask>>;
  /** Those of the found tasks that have a model without address, under whichever output. */
  readonly tasksWithDisabledModel: ReadonlySet<string>;
  readonly computePlans: ReadonlyMap<string, Stored<ComputePlan>>;
  /** The functions asked for, and those of the found tasks. */
  readonly functions: ReadonlyMap<string, Stored<OrchestratorFunction>>;
  readonly dataManagers: ReadonlyMap<string, Stored<DataManager>>;
  readonly dataSamples: ReadonlyMap<string, Stored<DataSample>>;
  readonly models: ReadonlyMap<string, Stored<Model>>;
  /** The registered ones of the ids. */
  readonly organizationIds: ReadonlySet<string>;
}

/** Compute tasks, and what was registered under their outputs, of the transaction's channel. */
export interface ComputeTaskDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getComputeTasks(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputeTask>>>;
  /** All that a batch of new tasks is checked against, in one go whatever its size. */
  getTaskReferences(query: TaskReferenceQuery): Promise<TaskReferences>;
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
