import { median } from '../report/figure.ts';
import type { ServerState } from './server-state.ts';

const MEBIBYTE = 2 ** 20;
const MS_PER_MINUTE = 60_000;

/** How much more a server may hold when all is over than it held before, both times without clients and garbage. */
const LEFT_BYTES = 8 * MEBIBYTE;

/** How much more of the machine's memory it may have at the end of the load than at its beginning. */
const RSS_PART = 0.15;
const RSS_BYTES = 24 * MEBIBYTE;

/** What of Node's resources comes and goes with the calls; pools keep some sockets and their timers for a while. */
const KEPT_RESOURCES = 4;

/** What the memory did over a time. */
export interface Course {
  readonly firstBytes: number;
  readonly lastBytes: number;
  /** Of a line through all samples. */
  readonly slopeBytesPerMinute: number;
}

/** Medians of the first and the last third of the samples, and the line through all of them. */
export function courseOf(samples: readonly { readonly atMs: number; readonly bytes: number }[]): Course {
  const third = Math.max(1, Math.floor(samples.length / 3));
  const bytesOf = (part: typeof samples): number => median(part.map(({ bytes }) => bytes));
  return {
    firstBytes: bytesOf(samples.slice(0, third)),
    lastBytes: bytesOf(samples.slice(-third)),
    slopeBytesPerMinute: slopeOf(samples) * MS_PER_MINUTE,
  };
}

/** The slope of the least squares. */
function slopeOf(samples: readonly { readonly atMs: number; readonly bytes: number }[]): number {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [meanX, meanY] = [mean(samples.map(({ atMs }) => atMs)), mean(samples.map(({ bytes }) => bytes))];
  const above = samples.reduce((sum, { atMs, bytes }) => sum + (atMs - meanX) * (bytes - meanY), 0);
  const below = samples.reduce((sum, { atMs }) => sum + (atMs - meanX) ** 2, 0);
  return below === 0 ? 0 : above / below;
}

/** What is wrong with the memory during the load; nothing when it is flat. */
export function judgeCourse({ firstBytes, lastBytes }: Course): readonly string[] {
  if (lastBytes <= firstBytes * (1 + RSS_PART) + RSS_BYTES) return [];
  return [`the server's memory grew from ${toMib(firstBytes)} to ${toMib(lastBytes)} MiB under the same load`];
}

/** What a server has kept of a load that is over. @param before, @param after without clients and garbage. */
export function judgeLeft(before: ServerState, after: ServerState): readonly string[] {
  const faults: string[] = [];
  const check = (what: string, left: number, allowed: number): void => {
    if (left > allowed) faults.push(`${what}: ${left}, at most ${allowed} expected`);
  };
  check('event streams that are open', after.openStreams, 0);
  check('calls that are under way', after.openCalls, 0);
  check('MiB held', toMib(after.heldBytes), toMib(before.heldBytes + LEFT_BYTES));
  check('open files and sockets', after.openFiles, before.openFiles + KEPT_RESOURCES);
  for (const [name, count] of Object.entries(after.resources)) {
    check(`resources of the kind ${name}`, count, (before.resources[name] ?? 0) + KEPT_RESOURCES);
  }
  return faults;
}

/** Whole tenths. */
export function toMib(bytes: number): number {
  return Math.round((bytes / MEBIBYTE) * 10) / 10;
}
