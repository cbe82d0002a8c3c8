import { memoryOf } from '../../process/usage.ts';
import { type CurvePoint, type Figure, type Round, toFigure } from '../../report/figure.ts';
import { registerPlan } from '../../rows/batch.ts';
import { type Read, type ReadRound, readsOf, runRead } from '../../rows/reads.ts';
import { runRounds, scaled, withLimit } from '../../workload/bench.ts';
import { layStock } from '../../workload/stock.ts';
import { openBench, type StandaloneBench } from '../bench.ts';

const TASKS = 1_000_000;
const POINTS = 25;
const MEBIBYTE = 2 ** 20;
/** Of what it was when little was stored. */
const AIM = 0.95;

interface Measured {
  readonly row: string;
  readonly unit: string;
  readonly rounds: readonly Round[];
}

/** Registration and reads with 1,000,000 tasks stored, beside the same when little was stored, and the way between. */
export async function measureStored({ postgres, effort }: StandaloneBench): Promise<readonly Figure[]> {
  await using bench = await openBench({ postgres, effort });
  const reads = readsOf(await layStock(bench));
  const before = await measureAll(bench, reads);
  const curve = await fill(bench, scaled(bench, TASKS));
  const after = await measureAll(bench, reads);
  const figures = after.map(({ row, unit, rounds }, index) => {
    const least = before[index]?.rounds ?? [];
    const withLimits = rounds.map((round, place) => withLimit(round, least[place] ?? { value: 0 }));
    return toFigure({ row: `with 1,000,000 tasks: ${row}`, unit, rounds: withLimits, ofLimit: AIM });
  });
  const memory = memoryOf(bench.servers[0]?.pid ?? 0);
  return figures.map((figure, index) => (index === 0 ? { ...figure, curve, notes: { 'server MiB at most': memory.peakBytes / MEBIBYTE } } : figure));
}

async function measureAll(bench: StandaloneBench, reads: readonly Read[]): Promise<readonly Measured[]> {
  const measured: Measured[] = [{ row: 'batch', unit: 'tasks/s', rounds: await runRounds(bench, () => registerPlan(bench)) }];
  for (const read of reads) {
    const rounds = await runRounds<ReadRound>(bench, () => runRead(bench, read));
    measured.push({ row: read.row, unit: 'calls/s', rounds });
  }
  return measured;
}

/** Registers plans of 10,000 tasks. @returns what a task cost on the way. */
async function fill(bench: StandaloneBench, tasks: number): Promise<readonly CurvePoint[]> {
  const points: CurvePoint[] = [];
  let stored = 0;
  for (let point = 1; point <= POINTS; point += 1) {
    const rounds: Round[] = [];
    while (stored < (tasks * point) / POINTS) {
      const round = await registerPlan(bench);
      rounds.push(round);
      stored += round.tasks;
    }
    const mean = (read: (round: Round) => number): number => rounds.reduce((sum, round) => sum + read(round), 0) / rounds.length;
    points.push({ x: stored, perSecond: mean(({ value }) => value), cpuMs: mean(({ cpuMs = 0 }) => cpuMs) });
  }
  return points;
}
