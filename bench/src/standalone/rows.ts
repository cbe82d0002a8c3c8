import type { ServerProcess } from '@orchestrator/tools';
import { type Figure, toFigure } from '../report/figure.ts';
import { memoryOf, resetPeakMemory } from '../process/usage.ts';
import { ServerProfiler } from '../profile/server-profiler.ts';
import { measureBatch } from '../rows/batch.ts';
import { measureRead, readsOf } from '../rows/reads.ts';
import { measureLife, measureSingle } from '../rows/writes.ts';
import type { Effort } from '../workload/bench.ts';
import { layStock, type Stock } from '../workload/stock.ts';
import { openBench, type StandaloneBench } from './bench.ts';
import { startBenchPostgres, withClient } from './database.ts';
import { limitOfInserts } from './insert-limit.ts';
import { limitOfRead } from './read-limits.ts';
import { measureFairness } from './rows/fairness.ts';
import { measureFanOut } from './rows/fan-out.ts';
import { measureGrowth } from './rows/growth.ts';
import { measureMachine } from './rows/machine.ts';
import { measureReplay } from './rows/replay.ts';
import { measureReplicas } from './rows/replicas.ts';
import { measureStartUp } from './rows/start-up.ts';
import { measureStored } from './rows/stored.ts';
import { measureTerminal } from './rows/terminal.ts';
import { limitOfWrites } from './write-limits.ts';

type Measure = (bench: StandaloneBench, stock: Stock) => Promise<readonly Figure[]>;

const MEBIBYTE = 2 ** 20;

const rows: Readonly<Record<string, Measure>> = {
  batch: (bench) => {
    const aims = { ofLimit: 0.5, existing: 2600, timesExisting: 5 };
    return measureBatch(bench, { aims, limit: (round) => limitOfInserts(bench, round) });
  },
  single: (bench) => {
    const aims = { ofLimit: 0.5, existing: 130, timesExisting: 20 };
    return measureSingle(bench, { aims, limit: (lanes, answerBytes) => limitOfWrites(bench, lanes, answerBytes) });
  },
  life: (bench) => {
    const aims = { existing: 171, timesExisting: 15 };
    return measureLife(bench, { aims, limit: (lanes, answerBytes) => limitOfWrites(bench, lanes, answerBytes) });
  },
  reads: measureReads,
  replay: measureReplay,
  machine: measureMachine,
  'fan-out': measureFanOut,
  terminal: measureTerminal,
  'start-up': measureStartUp,
  replicas: measureReplicas,
  fairness: measureFairness,
  growth: measureGrowth,
  stored: measureStored,
};

/** The rows of standalone mode, in the order of the table. */
export const standaloneRows: readonly string[] = Object.keys(rows);

/** What the rows were measured with. */
export interface StandaloneResult {
  readonly figures: readonly Figure[];
  readonly postgres: string;
}

/** What else is done with what is measured. */
export interface Accounts {
  /** Hears of each row when it is done. */
  readonly tell: (figures: readonly Figure[]) => void;
  /** Where a profile of the server in each row goes. It costs: figures with a profile are not for comparing. */
  readonly profileFolder?: string | undefined;
}

/**
 * Measures rows of standalone mode, on a PostgreSQL of its own with fsync on.
 *
 * @param names which rows.
 */
export async function measureStandalone(
  names: readonly string[],
  effort: Effort,
  { tell, profileFolder }: Accounts,
): Promise<StandaloneResult> {
  await using postgres = await startBenchPostgres();
  await using profiler = profileFolder === undefined ? undefined : await ServerProfiler.open();
  await using bench = await openBench({ postgres, effort, environment: profiler?.environment ?? {} });
  const pid = bench.servers[0]?.pid ?? 0;
  const started = memoryOf(pid).peakBytes;
  const stock = await layStock(bench);
  const figures: Figure[] = [];
  const peaks: [string, number][] = [['at its start', started], ['with what is stored for the rows', memoryOf(pid).peakBytes]];
  for (const name of names) {
    resetPeakMemory(pid);
    const measure = async (): Promise<readonly Figure[]> => (await rows[name]?.(bench, stock)) ?? [];
    const measured = await profiled(profiler, { server: bench.servers[0], folder: profileFolder, name }, measure);
    peaks.push([`in ${name}`, memoryOf(pid).peakBytes]);
    tell(measured);
    figures.push(...measured);
  }
  figures.push(memoryFigure(memoryOf(pid).bytes, peaks));
  return { figures, postgres: postgres.version };
}

interface Profiled {
  readonly server: ServerProcess | undefined;
  readonly folder: string | undefined;
  readonly name: string;
}

function profiled<T>(
  profiler: ServerProfiler | undefined,
  { server, folder, name }: Profiled,
  work: () => Promise<T>,
): Promise<T> {
  if (profiler === undefined || server === undefined || folder === undefined) return work();
  return profiler.during(server, { folder, name }, work);
}

/** @param peaks how much it was at most, and when. */
function memoryFigure(bytes: number, peaks: readonly (readonly [string, number])[]): Figure {
  const notes = Object.fromEntries(peaks.map(([when, peakBytes]) => [`MiB at most ${when}`, peakBytes / MEBIBYTE]));
  return toFigure({ row: 'memory of the server behind all this', unit: 'MiB', rounds: [{ value: bytes / MEBIBYTE }], notes });
}

async function measureReads(bench: StandaloneBench, stock: Stock): Promise<readonly Figure[]> {
  // As autovacuum would have done a minute later: the bare queries are not written to do without statistics.
  await withClient(bench.databaseUrl, (client) => client.query('ANALYZE'));
  const figures: Figure[] = [];
  for (const read of readsOf(stock)) {
    figures.push(await measureRead(bench, read, (round) => limitOfRead(bench, { row: read.row, stock }, round)));
  }
  return figures;
}
