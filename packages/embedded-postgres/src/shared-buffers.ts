import { totalmem } from 'node:os';

const MEBIBYTE = 2 ** 20;
const LEAST_MIB = 128;
/** A million tasks with their events have 0.9 GiB of indexes, of which each registration touches random pages. */
const MOST_MIB = 1024;
const PART = 8;

/** Memory that this process and its database may have together, in bytes: a container may have less than its machine. */
function availableMemory(): number {
  const machine = totalmem();
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, machine) : machine;
}

/**
 * How much PostgreSQL caches by itself: an eighth of the memory, from 128 MiB to 1 GiB. It takes it page by page, as it
 * reads and writes: a small store stays small.
 *
 * @param memoryBytes what there is.
 * @returns a value for PostgreSQL's `shared_buffers`.
 */
export function chooseSharedBuffers(memoryBytes = availableMemory()): string {
  const part = Math.floor(memoryBytes / PART / MEBIBYTE);
  return `${Math.min(Math.max(part, LEAST_MIB), MOST_MIB)}MB`;
}
