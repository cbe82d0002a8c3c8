/*
 * Joins of tasks are written as lookups by primary key, one row after another, behind OFFSET 0, which the planner does
 * not look through. Left to itself it may join by the index of the statuses as long as a table has no statistics, up to
 * a minute after its first rows: 30,000 tasks of a function then took 22 s, now less than 1 s.
 */

/** The status of each task of `t`, as `s`. */
export const WITH_STATUS = `
  CROSS JOIN LATERAL (
    SELECT status FROM compute_task_statuses WHERE channel = t.channel AND key = t.key OFFSET 0
  ) s`;

/** The tasks of `$1` whose keys are in the column `key` of `k`, as `t`. */
export const TASKS_OF_KEYS = `
  CROSS JOIN LATERAL (SELECT * FROM compute_tasks WHERE channel = $1 AND key = k.key OFFSET 0) t`;

/** Bytes of the status field in a message: its tag, and a value that is below 128. */
export const STATUS_FIELD_BYTES = 2;

/**
 * The whole message of a task: stored tasks lack their status (field 8), which stands in a table of its own and is put
 * behind the other fields. Decoders take fields in any order.
 */
export function taskMessage(asset: string, status: string): string {
  return `${asset} || set_byte('\\x4000', 1, ${status})`;
}
