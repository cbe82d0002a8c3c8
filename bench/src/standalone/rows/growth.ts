import { ComputeTaskAction, FunctionAction, type NewComputeTask } from '@orchestrator/lib';
import { buildNewFunction } from '@orchestrator/testing';
import { nowMs } from '../../process/clock.ts';
import { type Figure, median, toFigure } from '../../report/figure.ts';
import type { Curve } from '../../report/svg.ts';
import { scaled } from '../../workload/bench.ts';
import { addPlan, functionShape } from '../../workload/scene.ts';
import { buildTask, buildTasks } from '../../workload/tasks.ts';
import type { StandaloneBench } from '../bench.ts';

const SIZES = [10, 100, 1000, 10_000];
const BATCH = 1000;

/** What single calls take as what they touch grows: children of a task, tasks of a function, tasks of a plan. */
export async function measureGrowth(bench: StandaloneBench): Promise<readonly Figure[]> {
  const curves = [
    await measureSizes(bench, { name: 'children', title: 'DONE of a task', xLabel: 'children' }, finishParent),
    await measureSizes(bench, { name: 'function', title: 'READY of a function', xLabel: 'waiting tasks' }, makeReady),
    await measureSizes(
      bench,
      { name: 'plan', title: 'Registering 100 tasks in a plan', xLabel: 'tasks of the plan' },
      extendPlan,
    ),
  ];
  const last = curves.map(({ title, points }) => ({ title, ms: points.at(-1)?.[1] ?? 0 }));
  return last.map(({ title, ms }, index) => {
    const line = { row: `${title}, ${scaled(bench, SIZES.at(-1) ?? 0)}`, unit: 'ms', rounds: [{ value: ms }] };
    return toFigure(index === 0 ? { ...line, curves } : line);
  });
}

/** Milliseconds of one call that touches so many things. */
type Measure = (bench: StandaloneBench, size: number) => Promise<number>;

async function measureSizes(
  bench: StandaloneBench,
  labels: Pick<Curve, 'name' | 'title' | 'xLabel'>,
  measure: Measure,
): Promise<Curve> {
  const points: [number, number][] = [];
  for (const full of SIZES) {
    const size = scaled(bench, full);
    const rounds: number[] = [];
    for (let round = 0; round <= bench.effort.rounds; round += 1) rounds.push(await measure(bench, size));
    points.push([size, median(rounds.slice(1))]);
  }
  return { ...labels, yLabel: 'ms', points };
}

async function register(bench: StandaloneBench, tasks: readonly NewComputeTask[]): Promise<void> {
  const { channel } = bench.scenes[0];
  for (let first = 0; first < tasks.length; first += BATCH) {
    await bench.api.call(channel, 'RegisterTasks', { tasks: tasks.slice(first, first + BATCH) });
  }
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const startMs = nowMs();
  await work();
  return nowMs() - startMs;
}

async function finishParent(bench: StandaloneBench, size: number): Promise<number> {
  const [scene] = bench.scenes;
  const plan = await addPlan(bench.api, scene);
  const parent = buildTask(scene, plan);
  await register(bench, [parent]);
  await register(
    bench,
    Array.from({ length: size }, () => buildTask(scene, plan, parent.key)),
  );
  const { TASK_ACTION_DONE, TASK_ACTION_EXECUTING } = ComputeTaskAction;
  const apply = (action: ComputeTaskAction) =>
    bench.api.call(scene.channel, 'ApplyTaskAction', { computeTaskKey: parent.key, action, log: '' });
  await apply(TASK_ACTION_EXECUTING);
  return time(() => apply(TASK_ACTION_DONE));
}

async function makeReady(bench: StandaloneBench, size: number): Promise<number> {
  const [scene] = bench.scenes;
  const plan = await addPlan(bench.api, scene);
  const fn = { ...buildNewFunction(scene.random), ...functionShape() };
  await bench.api.call(scene.channel, 'RegisterFunction', fn);
  const tasks = Array.from({ length: size }, () => buildTask({ ...scene, functionKey: fn.key }, plan));
  await register(bench, tasks);
  const apply = (action: FunctionAction) =>
    bench.api.call(scene.channel, 'ApplyFunctionAction', { functionKey: fn.key, action });
  await apply(FunctionAction.FUNCTION_ACTION_BUILDING);
  return time(() => apply(FunctionAction.FUNCTION_ACTION_READY));
}

async function extendPlan(bench: StandaloneBench, size: number): Promise<number> {
  const [scene] = bench.scenes;
  const plan = await addPlan(bench.api, scene);
  await register(bench, buildTasks(scene, plan, size));
  const tasks = buildTasks(scene, plan, 100);
  return time(() => bench.api.call(scene.channel, 'RegisterTasks', { tasks }));
}
