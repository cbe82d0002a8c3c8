import type { LoadFigures } from '../client/jobs.ts';
import { type Aims, type Figure, type Round, toFigure } from '../report/figure.ts';
import { type Bench, type Limit, measureLoad, runRounds, scaled } from '../workload/bench.ts';
import { addPlan } from '../workload/scene.ts';
import { headersOf } from '../workload/target.ts';
import { buildTasks, registrations } from '../workload/tasks.ts';

const CALLS = 10;
const BATCH = 1000;

/** A round in which a plan was registered. */
export interface PlanRound extends Round {
  readonly computePlanKey: string;
  readonly tasks: number;
  readonly load: LoadFigures;
}

/**
 * 10 calls of 1,000 tasks, one after another.
 *
 * @param options.limit of something that does the least, given the plan that was registered.
 */
export async function measureBatch(
  bench: Bench,
  { aims, limit }: { readonly aims: Aims; readonly limit?: (round: PlanRound) => Promise<Limit> },
): Promise<readonly Figure[]> {
  const rounds = await runRounds(bench, () => registerPlan(bench), limit);
  return [toFigure({ row: 'batch', unit: 'tasks/s', rounds, ...aims })];
}

/** Registers a plan of 10,000 tasks. */
export async function registerPlan(bench: Bench): Promise<PlanRound> {
  const [scene] = bench.scenes;
  const computePlanKey = await addPlan(bench.api, scene);
  const batch = scaled(bench, BATCH);
  const calls = registrations(buildTasks(scene, computePlanKey, CALLS * batch), batch);
  const headers = headersOf(bench.target, scene.channel);
  const round = await measureLoad(bench, {
    addresses: bench.target.addresses,
    connections: 1,
    lanes: [{ headers, calls }],
  });
  return {
    ...round,
    value: round.value * batch,
    cpuMs: (round.cpuMs ?? 0) / batch,
    computePlanKey,
    tasks: CALLS * batch,
  };
}
