import type { Call } from '../../client/jobs.ts';
import { readsOf } from '../../rows/reads.ts';
import { toCall } from '../../workload/api.ts';
import { scaled } from '../../workload/bench.ts';
import { addPlan, type Scene } from '../../workload/scene.ts';
import type { Stock } from '../../workload/stock.ts';
import { buildTask, buildTasks, deal, registrations, repeat } from '../../workload/tasks.ts';
import type { StandaloneBench } from '../bench.ts';

/** How often the quiet organization writes, and how often it reads, in a second. */
export const QUIET_PER_SECOND = 10;
/** How many writes, and how many reads, it makes in a round. */
export const QUIET_CALLS = 100;

const TIMES = 100;
const CALLERS = 16;
/** A round, and some time before in which the loud one is at it already. */
const SECONDS = QUIET_CALLS / QUIET_PER_SECOND + 1;
const MOST_SINGLES_PER_SECOND = 2500;
const MOST_BATCHES_PER_SECOND = 12;
const LARGE_BATCH = 1000;
const PAGES_PER_CALLER = 10_000;

/** The calls of one caller of the loud organization. */
export interface NoiseLane {
  readonly calls: readonly Call[];
  /** Without it, each call begins when the one before is answered. */
  readonly paceMs?: number;
}

/** What the loud organization does. */
export interface Noise {
  readonly name: string;
  /** Whether it sends 100 times as much as the quiet one; otherwise as much as the server takes, which is more. */
  readonly isHundredTimes: boolean;
  /** Its event streams in the same time. */
  readonly followers?: number;
  /** What its callers send in a round. */
  readonly callers: (bench: StandaloneBench, scene: Scene, stock: Stock) => Promise<readonly NoiseLane[]>;
}

/** Spreads so many calls a second over callers. */
function paced(calls: readonly Call[], perSecond: number, callers = CALLERS): readonly NoiseLane[] {
  return deal(calls, callers).map((own) => ({ calls: own, paceMs: (1000 * callers) / perSecond }));
}

async function singleWrites(bench: StandaloneBench, scene: Scene, perSecond: number): Promise<readonly Call[]> {
  const plan = await addPlan(bench.api, scene);
  const tasks = Array.from({ length: scaled(bench, SECONDS * perSecond) }, () => buildTask(scene, plan));
  return registrations(tasks, 1);
}

async function allSingleWrites(bench: StandaloneBench, scene: Scene): Promise<readonly NoiseLane[]> {
  const calls = await singleWrites(bench, scene, MOST_SINGLES_PER_SECOND);
  return deal(calls, CALLERS).map((own) => ({ calls: own }));
}

const page = toCall('QueryTasks', { pageSize: 100 });

function allPages(): readonly NoiseLane[] {
  return Array.from({ length: CALLERS }, () => ({ calls: repeat([page], PAGES_PER_CALLER) }));
}

const times: readonly Noise[] = [
  {
    name: '100 times as many writes',
    isHundredTimes: true,
    callers: async (bench, scene) => {
      const perSecond = TIMES * QUIET_PER_SECOND;
      return paced(await singleWrites(bench, scene, perSecond), perSecond);
    },
  },
  {
    name: '100 times as many writes and reads',
    isHundredTimes: true,
    callers: async (bench, scene, stock) => {
      const perSecond = TIMES * QUIET_PER_SECOND;
      const [getTask] = readsOf(stock);
      return [
        ...paced(await singleWrites(bench, scene, perSecond), perSecond),
        ...paced(repeat(getTask?.calls ?? [], scaled(bench, SECONDS * perSecond)), perSecond),
      ];
    },
  },
  {
    name: 'batches and pages of 100 tasks as often',
    isHundredTimes: true,
    callers: async (bench, scene) => {
      const plan = await addPlan(bench.api, scene);
      const count = scaled(bench, SECONDS * QUIET_PER_SECOND);
      const tasks = buildTasks(scene, plan, count * TIMES);
      return [
        ...paced(registrations(tasks, TIMES), QUIET_PER_SECOND, 1),
        ...paced(repeat([page], count), QUIET_PER_SECOND, 1),
      ];
    },
  },
  {
    name: 'as many writes to 100 event streams',
    isHundredTimes: true,
    followers: TIMES,
    callers: async (bench, scene) => paced(await singleWrites(bench, scene, QUIET_PER_SECOND), QUIET_PER_SECOND, 1),
  },
];

const all: readonly Noise[] = [
  { name: 'single writes', isHundredTimes: false, callers: allSingleWrites },
  { name: 'pages of 100 tasks', isHundredTimes: false, callers: () => Promise.resolve(allPages()) },
  {
    name: 'single writes and pages',
    isHundredTimes: false,
    callers: async (bench, scene) => [...(await allSingleWrites(bench, scene)), ...allPages()],
  },
  { name: 'single writes to 300 event streams', isHundredTimes: false, followers: 300, callers: allSingleWrites },
  {
    name: 'batches of 1,000 tasks',
    isHundredTimes: false,
    callers: async (bench, scene) => {
      const plan = await addPlan(bench.api, scene);
      const count = scaled(bench, SECONDS * MOST_BATCHES_PER_SECOND);
      return [{ calls: registrations(buildTasks(scene, plan, count * LARGE_BATCH), LARGE_BATCH) }];
    },
  },
];

/** All that is measured, what the aim is about first. */
export const noises: readonly Noise[] = [...times, ...all];
