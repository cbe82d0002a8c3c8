import { ComputeTaskAction } from '@orchestrator/lib';
import { type Figure, type Round, toFigure } from '../../report/figure.ts';
import { toCall } from '../../workload/api.ts';
import { measureLoad, scaled } from '../../workload/bench.ts';
import { addPlan } from '../../workload/scene.ts';
import { headersOf } from '../../workload/target.ts';
import { buildTasks } from '../../workload/tasks.ts';
import type { StandaloneBench } from '../bench.ts';
import { BARE_TABLE, barePath } from '../../bare/setup.ts';
import { BareServer } from '../../bare/bare-server.ts';
import { withClient } from '../database.ts';

const TASKS = 12_000;
const BATCH = 1000;
const CALLS = 100;

/** A task that is CANCELED and one that FAILED in a plan of 12,000, one call after another. */
export async function measureTerminal(bench: StandaloneBench): Promise<readonly Figure[]> {
  const [scene] = bench.scenes;
  const plan = await addPlan(bench.api, scene);
  const tasks = buildTasks(scene, plan, Math.max(scaled(bench, TASKS), 2 * CALLS));
  for (let first = 0; first < tasks.length; first += BATCH) {
    await bench.api.call(scene.channel, 'RegisterTasks', { tasks: tasks.slice(first, first + BATCH) });
  }
  const keys = scene.random.shuffle(tasks.map(({ key }) => key));
  const { TASK_ACTION_CANCELED, TASK_ACTION_FAILED } = ComputeTaskAction;
  const canceled = await applyTo(bench, { keys: keys.slice(0, CALLS), action: TASK_ACTION_CANCELED });
  const failed = await applyTo(bench, { keys: keys.slice(CALLS, 2 * CALLS), action: TASK_ACTION_FAILED });
  return [
    toFigure({ row: 'FAILED in a plan of 12,000', unit: 'ms', rounds: [failed], existing: 5.8, timesExisting: 1 }),
    toFigure({ row: 'CANCELED in a plan of 12,000', unit: 'ms', rounds: [canceled], existing: 5.2, timesExisting: 1 }),
  ];
}

async function applyTo(
  bench: StandaloneBench,
  { keys, action }: { readonly keys: readonly string[]; readonly action: ComputeTaskAction },
): Promise<Round> {
  const headers = headersOf(bench.target, bench.scenes[0].channel);
  const calls = keys.map((computeTaskKey) => toCall('ApplyTaskAction', { computeTaskKey, action, log: '' }));
  const round = await measureLoad(bench, {
    addresses: bench.target.addresses,
    connections: 1,
    lanes: [{ headers, calls }],
  });
  await withClient(bench.databaseUrl, (client) => client.query(BARE_TABLE));
  await using bare = await BareServer.start({ databaseUrl: bench.databaseUrl, poolSize: 1, answerBytes: 0 });
  const inserts = calls.map(({ message }) => ({ path: barePath.insert, message }));
  const job = { addresses: [bare.address], connections: 1, lanes: [{ headers: {}, calls: inserts }] };
  await bench.client.load(job);
  const limit = await bench.client.load(job);
  return { ...round, value: round.load.p50Ms, limit: limit.p50Ms };
}
