import type { Call } from '../client/jobs.ts';
import { type Aims, type Figure, type Round, toFigure } from '../report/figure.ts';
import { toCall } from '../workload/api.ts';
import { type Bench, type Limit, measureLoad, runRounds } from '../workload/bench.ts';
import type { Stock } from '../workload/stock.ts';
import { headersOf } from '../workload/target.ts';

const CALLERS = 32;
const PAGE = 100;

/** A reading procedure with the requests that are made of it in turn. */
export interface Read extends Aims {
  readonly row: string;
  readonly calls: readonly Call[];
}

/** A round with what its limit has to answer. */
export interface ReadRound extends Round {
  readonly answerBytes: number;
}

/** The reads, with their aims. */
export function readsOf({ computePlanKeys, computePlanKey, taskKeys }: Stock): readonly Read[] {
  const page = { pageSize: PAGE };
  return [
    {
      row: 'GetTask',
      calls: taskKeys.map((key) => toCall('GetTask', { key })),
      existing: 2985,
      timesExisting: 3,
    },
    {
      row: 'GetPlan',
      calls: computePlanKeys.map((key) => toCall('GetPlan', { key })),
      existing: 5746,
      timesExisting: 1.8,
    },
    { row: 'QueryTasks, all', calls: [toCall('QueryTasks', page)], existing: 169, timesExisting: 8 },
    {
      row: 'QueryTasks, of a plan',
      calls: [toCall('QueryTasks', { ...page, filter: { computePlanKey } })],
      existing: 271,
      timesExisting: 6,
    },
    { row: 'QueryEvents', calls: [toCall('QueryEvents', page)], existing: 318, timesExisting: 6 },
    { row: 'QueryPlans', calls: [toCall('QueryPlans', page)], existing: 1923, timesExisting: 2 },
  ];
}

/** The same read by 32 callers, over and over. */
export async function measureRead(
  bench: Bench,
  read: Read,
  limit?: (round: ReadRound) => Promise<Limit>,
): Promise<Figure> {
  const rounds = await runRounds(bench, () => runRead(bench, read), limit);
  const { calls: _, ...line } = read;
  return toFigure({ ofLimit: 0.6, ...line, unit: 'calls/s', rounds });
}

/** One round of a read. @throws Error when a call fails. */
export async function runRead(bench: Bench, { row, calls }: Read): Promise<ReadRound> {
  const [scene] = bench.scenes;
  const headers = headersOf(bench.target, scene.channel);
  const round = await measureLoad(bench, {
    addresses: bench.target.addresses,
    connections: CALLERS,
    lanes: Array.from({ length: CALLERS }, () => ({ headers, calls })),
    repeatMs: bench.effort.readMs,
  });
  if (Object.keys(round.load.failures).length > 0) throw new Error(`${row} failed`);
  return { ...round, answerBytes: Math.round(round.load.answerBytes / round.load.calls) };
}
