import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Linux counts processor time in hundredths of a second. */
const MILLIS_PER_TICK = 10;
const BYTES_PER_KIB = 1024;

/** Fields of /proc/<pid>/stat behind the name, which may hold anything. */
const Field = { Parent: 1, UserTicks: 11, SystemTicks: 12, ChildrenUserTicks: 13, ChildrenSystemTicks: 14 } as const;

function readStat(pid: number): readonly number[] {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return [];
  try {
    const text = readFileSync(path, 'latin1');
    return text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
  } catch {
    // It has ended meanwhile.
    return [];
  }
}

function ticks(stat: readonly number[], fields: readonly number[]): number {
  return fields.reduce((sum, field) => sum + (stat[field] ?? 0), 0);
}

/** Milliseconds of processor time of a process so far; 0 where there is no /proc. */
export function cpuMs(pid: number): number {
  return ticks(readStat(pid), [Field.UserTicks, Field.SystemTicks]) * MILLIS_PER_TICK;
}

/** The same with all of its children, also those that have ended: for a PostgreSQL, one process per connection. */
export function familyCpuMs(pid: number): number {
  const own = readStat(pid);
  if (own.length === 0) return 0;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat[Field.Parent] === pid);
  const living = children.reduce((sum, stat) => sum + ticks(stat, [Field.UserTicks, Field.SystemTicks]), 0);
  const all = [Field.UserTicks, Field.SystemTicks, Field.ChildrenUserTicks, Field.ChildrenSystemTicks];
  return (living + ticks(own, all)) * MILLIS_PER_TICK;
}

/** The parent of a process. */
export function parentOf(pid: number): number {
  return readStat(pid)[Field.Parent] ?? 0;
}

/** Memory of a process that is in RAM, now and at most, in bytes; 0 where there is no /proc. */
export function memoryOf(pid: number): { readonly bytes: number; readonly peakBytes: number } {
  const path = `/proc/${pid}/status`;
  const text = existsSync(path) ? readFileSync(path, 'latin1') : '';
  const read = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) * BYTES_PER_KIB;
  return { bytes: read('VmRSS'), peakBytes: read('VmHWM') };
}

/** Linux: forgets how much memory the process had at most. */
const RESET_PEAK = '5';

/** Makes `peakBytes` of `memoryOf` begin anew. Where that is not allowed, it stays the most since the process began. */
export function resetPeakMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
  } catch {
    // No /proc, or not ours to write to.
  }
}
