import type { Client } from '../client/client.ts';
import type { LoadFigures, LoadJob } from '../client/jobs.ts';
import type { Round } from '../report/figure.ts';
import type { Api } from './api.ts';
import type { Scene } from './scene.ts';
import type { Target } from './target.ts';

const FULL_PERCENT = 100;

/** How much is measured. */
export interface Effort {
  /** Rounds of each row, behind one that does not count. */
  readonly rounds: number;
  /** Size of the workloads in percent of their full one. */
  readonly percent: number;
  /** How long reads are repeated. */
  readonly readMs: number;
}

/** What the server's side has used so far. */
export interface Usage {
  readonly serverCpuMs: number;
  readonly databaseCpuMs: number;
  readonly retries: number;
}

/** What a workload needs, in either mode. */
export interface Bench {
  readonly effort: Effort;
  readonly target: Target;
  readonly client: Client;
  readonly api: Api;
  /** One per channel of the target. */
  readonly scenes: readonly [Scene, Scene];
  usage(): Promise<Usage>;
}

/** A number of things, as far as the effort goes; at least one. */
export function scaled(bench: Pick<Bench, 'effort'>, count: number): number {
  return Math.max(1, Math.round((count * bench.effort.percent) / FULL_PERCENT));
}

/** What something that does the least comes to, in the units of its row. */
export interface Limit {
  readonly value: number;
  /** Processor time of all who take part, per unit. */
  readonly cpuMs?: number;
}

/** Runs a load. @returns its calls per second with all that is known of it. */
export async function measureLoad(
  bench: Bench,
  job: Omit<LoadJob, 'kind'>,
): Promise<Round & { readonly load: LoadFigures }> {
  const before = await bench.usage();
  const load = await bench.client.load(job);
  const after = await bench.usage();
  const elapsedMs = load.seconds * 1000;
  const serverMs = after.serverCpuMs - before.serverCpuMs;
  const databaseMs = after.databaseCpuMs - before.databaseCpuMs;
  return {
    value: load.calls / load.seconds,
    shares: { server: serverMs / elapsedMs, database: databaseMs / elapsedMs, client: load.cpuMs / elapsedMs },
    cpuMs: (serverMs + databaseMs + load.cpuMs) / load.calls,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    failures: load.failures,
    retries: after.retries - before.retries,
    load,
  };
}

/** Runs the rounds, one more for warming up, each with its limit right behind it. */
export async function runRounds<T extends Round>(
  { effort }: Pick<Bench, 'effort'>,
  run: () => Promise<T>,
  limit?: (round: T) => Promise<Limit>,
): Promise<readonly Round[]> {
  const rounds: Round[] = [];
  for (let index = 0; index <= effort.rounds; index += 1) {
    const round = await run();
    const least = await limit?.(round);
    // The first one is for warming up.
    if (index > 0) rounds.push(least === undefined ? round : { ...round, limit: least.value, limitCpuMs: least.cpuMs });
  }
  return rounds;
}

/** A round beside what would be the least. */
export function withLimit(round: Round, { value, cpuMs }: Limit): Round {
  return { ...round, limit: value, ...(cpuMs === undefined ? {} : { limitCpuMs: cpuMs }) };
}
