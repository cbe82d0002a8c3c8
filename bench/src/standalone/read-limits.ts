import { barePath, type BareQuery } from '../bare/setup.ts';
import type { ReadRound } from '../rows/reads.ts';
import type { Limit } from '../workload/bench.ts';
import type { Stock } from '../workload/stock.ts';
import { measureBare } from './bare-load.ts';
import type { StandaloneBench } from './bench.ts';

const CALLERS = 32;
const PAGE = 100;
/** As many as the server has by default. */
const POOL_SIZE = 16;

/** The first of the channels: its number in the tables. */
const CHANNEL = 1;

const TASK_PAGE = `
  SELECT t.asset, s.status FROM compute_tasks t
  CROSS JOIN LATERAL (SELECT status FROM compute_task_statuses WHERE channel = t.channel AND key = t.key OFFSET 0) s
  WHERE t.channel = $1`;

type Query = Omit<BareQuery, 'answerBytes'>;

/** The bare query of each read, by the name of its row. */
function queriesOf({ computePlanKey, computePlanKeys, taskKeys }: Stock): Readonly<Record<string, Query>> {
  const task = `SELECT t.asset, s.status FROM compute_tasks t
    JOIN compute_task_statuses s ON s.channel = t.channel AND s.key = t.key WHERE t.channel = $1 AND t.key = $2`;
  const plan = 'SELECT asset FROM compute_plans WHERE channel = $1 AND key = $2';
  const first = `ORDER BY created, key LIMIT ${PAGE}`;
  return {
    GetTask: { text: task, values: taskKeys.map((key) => [CHANNEL, key]) },
    GetPlan: { text: plan, values: computePlanKeys.map((key) => [CHANNEL, key]) },
    'QueryTasks, all': { text: `${TASK_PAGE} ${first}`, values: [[CHANNEL]] },
    'QueryTasks, of a plan': {
      text: `${TASK_PAGE} AND t.compute_plan_key = $2 ${first}`,
      values: [[CHANNEL, computePlanKey]],
    },
    QueryEvents: {
      text: `SELECT event FROM events WHERE channel = $1 ORDER BY position LIMIT ${PAGE}`,
      values: [[CHANNEL]],
    },
    QueryPlans: { text: `SELECT asset FROM compute_plans WHERE channel = $1 ${first}`, values: [[CHANNEL]] },
  };
}

/** A bare grpc-js handler that runs the bare query of a read and answers as many bytes. */
export async function limitOfRead(
  bench: StandaloneBench,
  read: { readonly row: string; readonly stock: Stock },
  { answerBytes }: ReadRound,
): Promise<Limit> {
  const query = queriesOf(read.stock)[read.row];
  if (query === undefined) throw new Error(`no bare query for ${read.row}`);
  const call = { path: barePath.query(0), message: new Uint8Array() };
  const lanes = Array.from({ length: CALLERS }, () => ({ headers: {}, calls: Array.from({ length: 20 }, () => call) }));
  const setup = { poolSize: POOL_SIZE, answerBytes, queries: [{ ...query, answerBytes }] };
  return measureBare(bench, setup, { connections: CALLERS, lanes, repeatMs: bench.effort.readMs });
}
