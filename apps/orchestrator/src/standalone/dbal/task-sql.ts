/** Tasks with their statuses, as `t` and `s`. */
export const TASKS = 'compute_tasks t JOIN compute_task_statuses s ON s.channel = t.channel AND s.key = t.key';

/** Bytes of the status field in a message: its tag, and a value that is below 128. */
export const STATUS_FIELD_BYTES = 2;

/**
 * The whole message of a task: stored tasks lack their status (field 8), which stands in a table of its own and is put
 * behind the other fields. Decoders take fields in any order.
 */
export function taskMessage(asset: string, status: string): string {
  return `${asset} || set_byte('\\x4000', 1, ${status})`;
}
