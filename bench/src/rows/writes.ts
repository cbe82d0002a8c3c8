import type { Call, Lane } from '../client/jobs.ts';
import { type Aims, type Figure, type Round, toFigure } from '../report/figure.ts';
import { type Bench, type Limit, measureLoad, runRounds, scaled } from '../workload/bench.ts';
import { lifeOfTask } from '../workload/lives.ts';
import { addPlan, type Scene } from '../workload/scene.ts';
import { headersOf } from '../workload/target.ts';
import { buildTask, buildTasks, registrations } from '../workload/tasks.ts';

const CALLERS = 16;
const PARENTS = 100;
const SINGLES_PER_CALLER = 400;
const LIVES_PER_CALLER = 100;

/** Of something that does the least, given the same callers and the size of an answer. */
export type WriteLimit = (lanes: readonly Lane[], answerBytes: number) => Promise<Limit>;

interface LaneRound extends Round {
  readonly lanes: readonly Lane[];
  readonly answerBytes: number;
}

/** What a row of writes is held against. */
export interface WriteComparison {
  readonly aims: Aims;
  readonly limit?: WriteLimit | undefined;
}

/** RegisterTasks of one task by 16 callers in two channels. */
export async function measureSingle(bench: Bench, { aims, limit }: WriteComparison): Promise<readonly Figure[]> {
  const rounds = await runWrites(bench, registerSingles, limit);
  return [toFigure({ row: 'single', unit: 'calls/s', rounds, ...aims })];
}

/** Tasks from their registration to DONE by 16 callers in two channels. */
export async function measureLife(bench: Bench, { aims, limit }: WriteComparison): Promise<readonly Figure[]> {
  const rounds = await runWrites(bench, liveTasks, limit);
  return [toFigure({ row: 'life', unit: 'calls/s', rounds, ...aims })];
}

type CallsOfCaller = (bench: Bench, scene: Scene) => Promise<readonly Call[]>;

function runWrites(bench: Bench, callsOfCaller: CallsOfCaller, limit?: WriteLimit): Promise<readonly Round[]> {
  const limitOfRound = limit && ((round: LaneRound) => limit(round.lanes, round.answerBytes));
  return runRounds(bench, () => runCallers(bench, callsOfCaller), limitOfRound);
}

async function runCallers(bench: Bench, callsOfCaller: CallsOfCaller): Promise<LaneRound> {
  const lanes: Lane[] = [];
  for (let index = 0; index < CALLERS; index += 1) {
    const scene = bench.scenes[index % 2 === 0 ? 0 : 1];
    lanes.push({ headers: headersOf(bench.target, scene.channel), calls: await callsOfCaller(bench, scene) });
  }
  const round = await measureLoad(bench, { addresses: bench.target.addresses, connections: CALLERS, lanes });
  return { ...round, lanes, answerBytes: Math.round(round.load.answerBytes / round.load.calls) };
}

async function registerSingles(bench: Bench, scene: Scene): Promise<readonly Call[]> {
  const plan = await addPlan(bench.api, scene);
  const parents = buildTasks(scene, plan, PARENTS);
  await bench.api.call(scene.channel, 'RegisterTasks', { tasks: parents });
  const count = scaled(bench, SINGLES_PER_CALLER);
  const tasks = Array.from({ length: count }, () => buildTask(scene, plan, scene.random.pick(parents).key));
  return registrations(tasks, 1);
}

async function liveTasks(bench: Bench, scene: Scene): Promise<readonly Call[]> {
  const plan = await addPlan(bench.api, scene);
  const count = scaled(bench, LIVES_PER_CALLER);
  return Array.from({ length: count }, (_, index) => lifeOfTask(scene, plan, index)).flat();
}
