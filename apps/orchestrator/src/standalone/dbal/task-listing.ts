import {
  ComputeTask,
  type ComputeTaskFilter,
  ComputeTaskStatus,
  isUuid,
  type Page,
  type PageRequest,
} from '@orchestrator/lib';
import type { PostgresScope } from '../sql/executor.ts';
import { afterKey, type Condition, EMPTY_PAGE, type Listing, queryPage } from './page.ts';
import { STATUS_FIELD_BYTES, taskMessage, WITH_STATUS } from './task-sql.ts';

const COMMON: Pick<Listing, 'order' | 'item'> = {
  order: 'created, key',
  item: { text: taskMessage('bytes', 'status'), extraBytes: STATUS_FIELD_BYTES },
};

/** Found and ordered by an index of the tasks. */
const BY_TASK: Listing = {
  ...COMMON,
  name: 'query_compute_tasks',
  rows: `SELECT t.created, t.key, s.status, t.asset AS bytes FROM compute_tasks t ${WITH_STATUS}`,
  where: 't.channel = $1',
};

/** Found and ordered by the index of the statuses, see `isLedByStatus`. */
const BY_STATUS: Listing = {
  ...COMMON,
  name: 'query_compute_tasks_by_status',
  rows: `
    SELECT s.created, s.key, s.status, t.asset AS bytes
    FROM compute_task_statuses s
    CROSS JOIN LATERAL (SELECT * FROM compute_tasks WHERE channel = s.channel AND key = s.key OFFSET 0) t`,
  where: 's.channel = $1',
};

const FINAL_STATUSES: readonly ComputeTaskStatus[] = [
  ComputeTaskStatus.STATUS_DONE,
  ComputeTaskStatus.STATUS_FAILED,
  ComputeTaskStatus.STATUS_CANCELED,
];

/**
 * Which table's `created` and `key` the order is by decides which index can give it. Tasks pass through the other
 * statuses and stay in the final ones: few are in the former, while a plan or a function has fewer in the latter.
 */
function isLedByStatus(filter: ComputeTaskFilter): boolean {
  if (filter.status === undefined) return false;
  if (filter.computePlanKey === undefined && filter.functionKey === undefined) return true;
  return !FINAL_STATUSES.includes(filter.status);
}

function filterConditions(filter: ComputeTaskFilter, leader: string): readonly Condition[] {
  const { worker, status, computePlanKey, functionKey } = filter;
  const conditions: Condition[] = [];
  if (worker !== undefined) conditions.push({ name: 'worker', text: 't.worker = ?', values: [worker] });
  if (status !== undefined) conditions.push({ name: 'status', text: 's.status = ?', values: [status] });
  if (computePlanKey !== undefined) {
    conditions.push({ name: 'plan', text: `${leader}.compute_plan_key = ?`, values: [computePlanKey] });
  }
  if (functionKey !== undefined) conditions.push({ name: 'function', text: 't.function_key = ?', values: [functionKey] });
  return conditions;
}

/** A page of the tasks that a filter keeps. */
export async function queryTaskPage(
  scope: PostgresScope,
  filter: ComputeTaskFilter,
  page: PageRequest,
): Promise<Page<ComputeTask>> {
  const byStatus = isLedByStatus(filter);
  const leader = byStatus ? 's' : 't';
  const after = afterKey(page.after, leader);
  const { computePlanKey, functionKey } = filter;
  if (![computePlanKey, functionKey].every((key) => key === undefined || isUuid(key))) return EMPTY_PAGE;
  return queryPage(scope, {
    listing: byStatus ? BY_STATUS : BY_TASK,
    codec: ComputeTask,
    filter: filterConditions(filter, leader),
    after,
    page,
  });
}
