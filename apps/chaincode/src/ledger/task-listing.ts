import type { ComputeTask, ComputeTaskFilter, Page, PageRequest } from '@orchestrator/lib';
import type { AssetStore } from './asset-store.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { indexPrefix } from './keys.ts';
import { pageOfKeys } from './keyed-assets.ts';
import { functionPrefix, planPrefix } from './task-indexes.ts';

/** A page of tasks by the narrowest index that the filter has; the rest of the filter is looked at task by task. */
export function queryTasks(query: {
  readonly transaction: LedgerTransaction;
  readonly store: AssetStore<ComputeTask>;
  readonly filter: ComputeTaskFilter;
  readonly page: PageRequest;
}): Promise<Page<ComputeTask>> {
  const { transaction, store, filter, page } = query;
  return pageOfKeys({ transaction, store, page, prefix: prefixFor(filter), keep: (task) => matches(task, filter) });
}

function prefixFor({ computePlanKey, functionKey }: ComputeTaskFilter): string {
  if (computePlanKey !== undefined) return planPrefix(computePlanKey);
  return functionKey === undefined ? indexPrefix('created', 'computetask') : functionPrefix(functionKey);
}

function matches(task: ComputeTask, filter: ComputeTaskFilter): boolean {
  return (
    (filter.worker === undefined || task.worker === filter.worker) &&
    (filter.status === undefined || task.status === filter.status) &&
    (filter.computePlanKey === undefined || task.computePlanKey === filter.computePlanKey) &&
    (filter.functionKey === undefined || task.functionKey === filter.functionKey)
  );
}
