import {
  type ComputeTask,
  type ComputeTaskDbal,
  type ComputeTaskFilter,
  type ComputeTaskOutputAsset,
  ComputeTaskStatus,
  isUuid,
  type NewStoredTask,
  type Page,
  type PageRequest,
  type Stored,
  type TaskReadiness,
  type TaskReferenceQuery,
  type TaskReferences,
} from '@orchestrator/lib';
import type { AssetRecord, AssetStore } from './asset-store.ts';
import { inOrderOfCreation } from './chosen-page.ts';
import { scanRanks } from './index-scan.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { addOutputAssets, getOutputAssets } from './output-asset.ts';
import { EMPTY_PAGE } from './page.ts';
import { childPrefix, functionPrefix, indexTasks, planPrefix } from './task-indexes.ts';
import { queryTasks } from './task-listing.ts';
import { type ReferencedAssets, readTaskReferences } from './task-references.ts';

const FINAL_STATUSES: readonly ComputeTaskStatus[] = [
  ComputeTaskStatus.STATUS_DONE,
  ComputeTaskStatus.STATUS_FAILED,
  ComputeTaskStatus.STATUS_CANCELED,
];

/** More children of one batch than these stand in an index: a task's value is written anew with every change of status. */
const MAX_OWN_CHILDREN = 100;

type TaskRecord = AssetRecord<ComputeTask>;

export class LedgerComputeTaskDbal implements ComputeTaskDbal {
  readonly #transaction: LedgerTransaction;
  readonly #store: AssetStore<ComputeTask>;
  readonly #assets: ReferencedAssets;

  constructor(transaction: LedgerTransaction, store: AssetStore<ComputeTask>, assets: ReferencedAssets) {
    this.#transaction = transaction;
    this.#store = store;
    this.#assets = assets;
  }

  getComputeTasks(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputeTask>>> {
    return this.#store.get(keys);
  }

  getTaskReferences(query: TaskReferenceQuery): Promise<TaskReferences> {
    return readTaskReferences(query, this.#store, this.#assets);
  }

  addComputeTasks(tasks: readonly NewStoredTask[]): void {
    this.#transaction.later(async () => {
      const children = childrenByParent(tasks);
      for (const { task, parentKeys } of tasks) {
        const own = children.get(task.key) ?? [];
        const isKept = own.length > 0 && own.length <= MAX_OWN_CHILDREN;
        if (isKept) children.delete(task.key);
        const extras = { ...(isKept && { children: own }), ...(parentKeys.length > 0 && { parents: [...parentKeys] }) };
        await this.#store.add([task.key], task, extras);
      }
      for (const [parent, keys] of children) {
        this.#transaction.append(childPrefix(parent), keys.map((key) => JSON.stringify(key)));
      }
      indexTasks(this.#transaction, tasks.map(({ task }) => task));
    });
  }

  updateComputeTaskStatuses(tasks: readonly ComputeTask[]): void {
    this.#transaction.later(async () => {
      for (const { key, status } of tasks) {
        await this.#store.replace(key, ({ stored }) => ({ asset: { ...stored.value, status } }));
      }
    });
  }

  async getFunctionTasks(functionKey: string, statuses: readonly ComputeTaskStatus[]): Promise<readonly TaskReadiness[]> {
    await this.#transaction.settled();
    if (!isUuid(functionKey)) return [];
    return this.#readiness(await this.#keysIn(functionPrefix(functionKey)), statuses);
  }

  async getChildTasks(parentKey: string, statuses?: readonly ComputeTaskStatus[]): Promise<readonly TaskReadiness[]> {
    await this.#transaction.settled();
    if (!isUuid(parentKey)) return [];
    const parent = await this.#store.getRecord(parentKey);
    const later = await this.#keysIn(childPrefix(parentKey));
    return this.#readiness([...textsIn(parent, 'children'), ...later], statuses);
  }

  async #keysIn(prefix: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { texts } of scanRanks(this.#transaction, { prefix })) keys.push(...texts);
    return keys;
  }

  async #readiness(keys: readonly string[], statuses?: readonly ComputeTaskStatus[]): Promise<TaskReadiness[]> {
    const records = await Promise.all(keys.map((key) => this.#requireRecord(key)));
    const kept = records.filter(({ stored }) => statuses?.includes(stored.value.status) ?? true);
    const parents = new Map(kept.map(({ stored, extras }) => [stored, textsIn({ extras }, 'parents')]));
    const found: TaskReadiness[] = [];
    for (const { stored } of inOrderOfCreation(parents.keys())) {
      found.push({ task: stored, parentsDone: await this.#areDone(parents.get(stored) ?? []) });
    }
    return found;
  }

  /** One by one, to the first that is not: what is not read cannot conflict. */
  async #areDone(keys: readonly string[]): Promise<boolean> {
    for (const key of keys) {
      const record = await this.#store.getRecord(key);
      if (record?.stored.value.status !== ComputeTaskStatus.STATUS_DONE) return false;
    }
    return true;
  }

  async #requireRecord(key: string): Promise<TaskRecord> {
    const record = await this.#store.getRecord(key);
    if (record === undefined) throw new Error(`an index names task ${key}, which does not exist`);
    return record;
  }

  async hasUnfinishedTask(computePlanKey: string): Promise<boolean> {
    await this.#transaction.settled();
    if (!isUuid(computePlanKey)) return false;
    const keys = await this.#keysIn(planPrefix(computePlanKey));
    // The last ones first: what was registered late is done late.
    for (const key of keys.toReversed()) {
      const { stored } = await this.#requireRecord(key);
      if (!FINAL_STATUSES.includes(stored.value.status)) return true;
    }
    return false;
  }

  async queryComputeTasks(filter: ComputeTaskFilter, page: PageRequest): Promise<Page<ComputeTask>> {
    const keys = [filter.computePlanKey, filter.functionKey];
    if (keys.some((key) => key !== undefined && !isUuid(key))) return EMPTY_PAGE;
    return queryTasks({ transaction: this.#transaction, store: this.#store, filter, page });
  }

  getOutputAssets(taskKeys: readonly string[]): Promise<readonly ComputeTaskOutputAsset[]> {
    return getOutputAssets(this.#transaction, taskKeys);
  }

  addOutputAssets(outputAssets: readonly ComputeTaskOutputAsset[]): void {
    addOutputAssets(this.#transaction, outputAssets);
  }
}

function childrenByParent(tasks: readonly NewStoredTask[]): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const { task, parentKeys } of tasks) {
    for (const parent of parentKeys) {
      const known = children.get(parent);
      if (known === undefined) children.set(parent, [task.key]);
      else known.push(task.key);
    }
  }
  return children;
}

function textsIn(record: Pick<TaskRecord, 'extras'> | undefined, name: string): readonly string[] {
  const texts = record?.extras[name];
  return typeof texts === 'object' ? texts : [];
}
