import { memoryOf } from '../../process/usage.ts';
import { type Figure, type Round, toFigure } from '../../report/figure.ts';
import type { Curve } from '../../report/svg.ts';
import { registerPlan } from '../../rows/batch.ts';
import { type Read, type ReadRound, readsOf, runRead } from '../../rows/reads.ts';
import { runRounds, scaled, withLimit } from '../../workload/bench.ts';
import { layStock } from '../../workload/stock.ts';
import { openBench, type StandaloneBench } from '../bench.ts';

const TASKS = 1_000_000;
const POINTS = 20;
const MEBIBYTE = 2 ** 20;
/** Of what it was when little was stored. */
const AIM = 0.95;

interface Measured {
  readonly row: string;
  readonly unit: string;
  readonly rounds: readonly Round[];
}

/** What was seen when so many tasks were stored. */
interface Station {
  readonly stored: number;
  /** Processor time of a task that is registered. */
  readonly taskCpuMs: number;
  /** Processor time of a page of a plan. */
  readonly pageCpuMs: number;
  readonly serverMib: number;
}

/** Registration and reads with 1,000,000 tasks stored, beside the same when little was stored, and the way between. */
export async function measureStored({ postgres, effort }: StandaloneBench): Promise<readonly Figure[]> {
  await using bench = await openBench({ postgres, effort });
  const reads = readsOf(await layStock(bench));
  const before = await measureAll(bench, reads);
  const tasks = scaled(bench, TASKS);
  const curves = toCurves(await fill(bench, tasks, reads));
  const after = await measureAll(bench, reads);
  return after.map(({ row, unit, rounds }, index) => {
    const least = before[index]?.rounds ?? [];
    const compared = rounds.map((round, place) => withLimit(round, toLimit(least[place])));
    const line = { row: `with ${tasks} tasks: ${row}`, unit, rounds: compared, ofLimit: AIM };
    return toFigure(index === 0 ? { ...line, curves } : line);
  });
}

function toLimit(round: Round | undefined) {
  if (round === undefined) throw new Error('there are as many rounds before as after');
  const { value, cpuMs } = round;
  return cpuMs === undefined ? { value } : { value, cpuMs };
}

async function measureAll(bench: StandaloneBench, reads: readonly Read[]): Promise<readonly Measured[]> {
  const batch = await runRounds<Round>(bench, () => registerPlan(bench));
  const measured: Measured[] = [{ row: 'batch', unit: 'tasks/s', rounds: batch }];
  for (const read of reads) {
    const rounds = await runRounds<ReadRound>(bench, () => runRead(bench, read));
    measured.push({ row: read.row, unit: 'calls/s', rounds });
  }
  return measured;
}

async function fill(bench: StandaloneBench, tasks: number, reads: readonly Read[]): Promise<readonly Station[]> {
  const page = reads.find(({ row }) => row === 'QueryTasks, of a plan');
  if (page === undefined) throw new Error('pages of a plan are among the reads');
  const stations: Station[] = [];
  let stored = 0;
  for (let point = 1; point <= POINTS; point += 1) {
    const cpuMs: number[] = [];
    while (stored < (tasks * point) / POINTS) {
      const round = await registerPlan(bench);
      cpuMs.push(round.cpuMs ?? 0);
      stored += round.tasks;
    }
    const { cpuMs: pageCpuMs = 0 } = await runRead(bench, page);
    const taskCpuMs = cpuMs.reduce((sum, value) => sum + value, 0) / cpuMs.length;
    const serverMib = memoryOf(bench.servers[0]?.pid ?? 0).bytes / MEBIBYTE;
    stations.push({ stored, taskCpuMs, pageCpuMs, serverMib });
  }
  return stations;
}

function toCurves(stations: readonly Station[]): readonly Curve[] {
  const xLabel = 'tasks stored';
  const pick = (read: (station: Station) => number) =>
    stations.map((station) => [station.stored, read(station)] as const);
  const yLabel = 'ms of processor time';
  return [
    { name: 'registration', title: 'Registering a task', xLabel, yLabel, points: pick(({ taskCpuMs }) => taskCpuMs) },
    { name: 'pages', title: 'A page of a plan', xLabel, yLabel, points: pick(({ pageCpuMs }) => pageCpuMs) },
    {
      name: 'memory',
      title: 'Memory of the server',
      xLabel,
      yLabel: 'MiB',
      points: pick(({ serverMib }) => serverMib),
    },
  ];
}
