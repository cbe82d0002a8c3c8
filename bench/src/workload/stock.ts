import { type Bench, scaled } from './bench.ts';
import { addPlan } from './scene.ts';
import { buildTasks } from './tasks.ts';

const PLANS = 200;
const TASKS = 20_000;
const BATCH = 1000;
const REMEMBERED_TASKS = 500;

/** What is stored in the first channel for reads and replays. */
export interface Stock {
  /** Of a plan with many tasks. */
  readonly computePlanKey: string;
  readonly computePlanKeys: readonly string[];
  /** Some tasks of that plan. */
  readonly taskKeys: readonly string[];
}

/** Registers 200 plans, and 20,000 tasks in one of them. */
export async function layStock(bench: Bench): Promise<Stock> {
  const [scene] = bench.scenes;
  const computePlanKeys: string[] = [];
  for (let index = 0; index < PLANS; index += 1) computePlanKeys.push(await addPlan(bench.api, scene));
  const computePlanKey = await addPlan(bench.api, scene);
  const tasks = buildTasks(scene, computePlanKey, Math.max(scaled(bench, TASKS), REMEMBERED_TASKS));
  for (let first = 0; first < tasks.length; first += BATCH) {
    await bench.api.call(scene.channel, 'RegisterTasks', { tasks: tasks.slice(first, first + BATCH) });
  }
  const taskKeys = scene.random
    .shuffle(tasks)
    .slice(0, REMEMBERED_TASKS)
    .map(({ key }) => key);
  return { computePlanKey, computePlanKeys, taskKeys };
}
