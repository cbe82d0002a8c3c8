import {
  ComputeTask,
  type ComputeTaskDbal,
  type ComputeTaskFilter,
  type ComputeTaskOutputAsset,
  ComputeTaskStatus,
  type NewStoredTask,
  type Page,
  type PageRequest,
  Stored,
  type TaskReadiness,
  type TaskReferenceQuery,
  type TaskReferences,
} from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import type { ChannelState, TaskRow } from './channel-state.ts';
import { pageOfRows } from './page.ts';

const FINAL_STATUSES: readonly ComputeTaskStatus[] = [
  ComputeTaskStatus.STATUS_DONE,
  ComputeTaskStatus.STATUS_FAILED,
  ComputeTaskStatus.STATUS_CANCELED,
];

export class MemoryComputeTaskDbal implements ComputeTaskDbal {
  readonly #state: ChannelState;

  constructor(state: ChannelState) {
    this.#state = state;
  }

  async getComputeTasks(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputeTask>>> {
    return this.#state.computeTasks.getStored(keys);
  }

  async getTaskReferences(query: TaskReferenceQuery): Promise<TaskReferences> {
    const state = this.#state;
    const tasks = state.computeTasks.getStored(query.taskKeys);
    const taskFunctionKeys = [...tasks.values()].map((task) => task.value.functionKey);
    return {
      tasks,
      tasksWithDisabledModel: this.#withDisabledModel(tasks),
      computePlans: state.computePlans.getStored(query.computePlanKeys),
      functions: state.functions.getStored([...query.functionKeys, ...taskFunctionKeys]),
      dataManagers: state.dataManagers.getStored(query.assetKeys),
      dataSamples: state.dataSamples.getStored(query.assetKeys),
      models: state.models.getStored(query.assetKeys),
      organizationIds: new Set(state.organizations.getStored(query.organizationIds).keys()),
    };
  }

  addComputeTasks(tasks: readonly NewStoredTask[]): void {
    for (const { task, parentKeys } of tasks) {
      this.#state.computeTasks.add({ ...assetRow(ComputeTask, task), parentKeys: [...parentKeys] });
    }
  }

  updateComputeTaskStatuses(tasks: readonly ComputeTask[]): void {
    for (const { key, status } of tasks) {
      const row = this.#state.computeTasks.get(key);
      if (row === undefined) throw new Error(`there is no task ${key} to update`);
      this.#state.computeTasks.replace({ ...row, stored: Stored.of(ComputeTask, { ...row.stored.value, status }) });
    }
  }

  async getFunctionTasks(
    functionKey: string,
    statuses: readonly ComputeTaskStatus[],
  ): Promise<readonly TaskReadiness[]> {
    return this.#readiness((task) => task.functionKey === functionKey && statuses.includes(task.status));
  }

  async getChildTasks(parentKey: string, statuses?: readonly ComputeTaskStatus[]): Promise<readonly TaskReadiness[]> {
    return this.#readiness(
      (task, row) => row.parentKeys.includes(parentKey) && (statuses?.includes(task.status) ?? true),
    );
  }

  async hasUnfinishedTask(computePlanKey: string): Promise<boolean> {
    return this.#state.computeTasks
      .ordered()
      .map((row) => row.stored.value)
      .some((task) => task.computePlanKey === computePlanKey && !FINAL_STATUSES.includes(task.status));
  }

  async queryComputeTasks(filter: ComputeTaskFilter, page: PageRequest): Promise<Page<ComputeTask>> {
    const rows = this.#state.computeTasks.ordered().filter((row) => matches(row.stored.value, filter));
    return pageOfRows(rows, page);
  }

  async getOutputAssets(taskKeys: readonly string[]): Promise<readonly ComputeTaskOutputAsset[]> {
    const wanted = new Set(taskKeys);
    return this.#state.outputAssets.entries.filter((entry) => wanted.has(entry.computeTaskKey));
  }

  addOutputAssets(outputAssets: readonly ComputeTaskOutputAsset[]): void {
    this.#state.outputAssets.append(outputAssets.map((entry) => ({ ...entry })));
  }

  #withDisabledModel(tasks: ReadonlyMap<string, unknown>): Set<string> {
    const disabled = this.#state.models.ordered().filter((row) => row.stored.value.address === undefined);
    return new Set(disabled.map((row) => row.stored.value.computeTaskKey).filter((key) => tasks.has(key)));
  }

  #readiness(keep: (task: ComputeTask, row: TaskRow) => boolean): TaskReadiness[] {
    const rows = this.#state.computeTasks.ordered().filter((row) => keep(row.stored.value, row));
    return rows.map((row) => ({ task: row.stored, parentsDone: row.parentKeys.every((key) => this.#isDone(key)) }));
  }

  #isDone(taskKey: string): boolean {
    return this.#state.computeTasks.get(taskKey)?.stored.value.status === ComputeTaskStatus.STATUS_DONE;
  }
}

function matches(task: ComputeTask, filter: ComputeTaskFilter): boolean {
  return (
    (filter.worker === undefined || task.worker === filter.worker) &&
    (filter.status === undefined || task.status === filter.status) &&
    (filter.computePlanKey === undefined || task.computePlanKey === filter.computePlanKey) &&
    (filter.functionKey === undefined || task.functionKey === filter.functionKey)
  );
}
