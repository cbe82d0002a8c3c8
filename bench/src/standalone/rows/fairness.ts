import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@orchestrator/testing';
import { Client } from '../../client/client.ts';
import type { Call, Lane, LoadFigures } from '../../client/jobs.ts';
import { type Figure, median, type Round, toFigure } from '../../report/figure.ts';
import { readsOf } from '../../rows/reads.ts';
import { Api, toCall } from '../../workload/api.ts';
import { scaled } from '../../workload/bench.ts';
import { lastEventId } from '../../workload/log.ts';
import { addPlan, type Scene, setScene } from '../../workload/scene.ts';
import type { Stock } from '../../workload/stock.ts';
import { headersOf, type Target } from '../../workload/target.ts';
import { buildTask, buildTasks, registrations } from '../../workload/tasks.ts';
import { OTHER_ORGANIZATION, type StandaloneBench } from '../bench.ts';

/** The quiet organization writes and reads once in so many milliseconds, so often in a round. */
const PACE_MS = 50;
const QUIET_CALLS = 100;
/** The other one is at it for so long before. */
const AHEAD_MS = 500;
const CALLERS = 16;
/** What the callers cannot use up in a round. */
const SINGLES_PER_CALLER = 600;
const PAGES_PER_CALLER = 10_000;
const BATCHES = 30;
const BATCH = 1000;
/** Times its p99 when nobody else calls. */
const AIM = 3;

/** What the loud organization does: as much as the server takes of it. */
interface Noise {
  readonly name: string;
  /** Its event streams in the same time. */
  readonly followers?: number;
  /** What its callers send in a round. */
  readonly callers: (bench: StandaloneBench, scene: Scene) => Promise<readonly (readonly Call[])[]>;
}

const singles: Noise = {
  name: 'single writes',
  callers: async (bench, scene) => {
    const plan = await addPlan(bench.api, scene);
    const tasks = () => Array.from({ length: scaled(bench, SINGLES_PER_CALLER) }, () => buildTask(scene, plan));
    return Array.from({ length: CALLERS }, () => registrations(tasks(), 1));
  },
};

const pages: Noise = {
  name: 'pages of 100 tasks',
  callers: () => {
    const page = toCall('QueryTasks', { pageSize: 100 });
    return Promise.resolve(Array.from({ length: CALLERS }, () => Array.from({ length: PAGES_PER_CALLER }, () => page)));
  },
};

const both: Noise = {
  name: 'single writes and pages',
  callers: async (bench, scene) => [...(await singles.callers(bench, scene)), ...(await pages.callers(bench, scene))],
};

const followed: Noise = { ...singles, name: 'single writes to 300 event streams', followers: 300 };

const batches: Noise = {
  name: 'batches of 1,000 tasks',
  callers: async (bench, scene) => {
    const plan = await addPlan(bench.api, scene);
    return [registrations(buildTasks(scene, plan, scaled(bench, BATCHES) * BATCH), BATCH)];
  },
};

/** The quiet organization, with clients of its own. */
interface Quiet {
  readonly scene: Scene;
  readonly target: Target;
  readonly planKey: string;
  readonly reads: readonly Call[];
  readonly writer: Client;
  readonly reader: Client;
}

interface QuietFigures {
  readonly writes: LoadFigures;
  readonly reads: LoadFigures;
}

interface NoisyRound {
  readonly alone: QuietFigures;
  readonly beside: QuietFigures;
  readonly noise: LoadFigures;
}

/**
 * The p99 of an organization that writes and reads now and then, while another one sends as much as the server takes, in
 * the same channel or in another one; beside its p99 when nobody else calls, measured right before in the same round.
 */
export async function measureFairness(bench: StandaloneBench, stock: Stock): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack();
  const quiet = await openQuiet(bench, stock, stack);
  const [same, other] = bench.scenes;
  const figures: Figure[] = [];
  for (const noise of [singles, pages, both, followed, batches]) {
    figures.push(...(await measureBeside(bench, quiet, { name: `${noise.name}, same channel`, noise, scene: same })));
    figures.push(...(await measureBeside(bench, quiet, { name: `${noise.name}, other channel`, noise, scene: other })));
  }
  return figures;
}

async function openQuiet(bench: StandaloneBench, stock: Stock, stack: AsyncDisposableStack): Promise<Quiet> {
  const target = { ...bench.target, organization: OTHER_ORGANIZATION };
  const api = stack.use(await Api.open(target));
  const { channel } = bench.scenes[0];
  const scene = await setScene(api, { channel, organization: OTHER_ORGANIZATION, random: createRandom(2) });
  const [getTask] = readsOf(stock);
  return {
    scene,
    target,
    planKey: await addPlan(api, scene),
    reads: getTask?.calls ?? [],
    writer: stack.use(new Client()),
    reader: stack.use(new Client()),
  };
}

interface Beside {
  readonly name: string;
  readonly noise: Noise;
  /** Of the loud organization. */
  readonly scene: Scene;
}

async function measureBeside(bench: StandaloneBench, quiet: Quiet, beside: Beside): Promise<readonly Figure[]> {
  const rounds: NoisyRound[] = [];
  for (let index = 0; index <= bench.effort.rounds; index += 1) {
    const round = await runRound(bench, quiet, beside);
    // The first one is for warming up.
    if (index > 0) rounds.push(round);
  }
  return [toLine(rounds, `write beside ${beside.name}`, 'writes'), toLine(rounds, `read beside ${beside.name}`, 'reads')];
}

async function runRound(bench: StandaloneBench, quiet: Quiet, { noise, scene }: Beside): Promise<NoisyRound> {
  const headers = headersOf(bench.target, scene.channel);
  const callers = await noise.callers(bench, scene);
  const lanes = callers.map((calls): Lane => ({ headers, calls }));
  const alone = await callQuietly(bench, quiet);
  await using stack = new AsyncDisposableStack();
  if (noise.followers !== undefined) await follow(bench, { channel: scene.channel, followers: noise.followers, stack });
  const limitMs = AHEAD_MS + scaled(bench, QUIET_CALLS) * PACE_MS;
  const loud = bench.client.load({ addresses: bench.target.addresses, connections: lanes.length, lanes, limitMs });
  await sleep(AHEAD_MS);
  const [beside, figures] = await Promise.all([callQuietly(bench, quiet), loud]);
  return { alone, beside, noise: figures };
}

/** Opens event streams that go with the stack. */
async function follow(
  { api, target }: StandaloneBench,
  { channel, followers, stack }: { readonly channel: string; readonly followers: number; readonly stack: AsyncDisposableStack },
): Promise<void> {
  const client = stack.use(new Client());
  const call = toCall('SubscribeToEvents', { startEventId: await lastEventId(api, channel) });
  const { addresses } = target;
  const following = await client.follow({ addresses, headers: headersOf(target, channel), call, followers, messages: Infinity });
  // Their process ends before they have seen all.
  following.done.catch(() => undefined);
}

async function callQuietly(bench: StandaloneBench, quiet: Quiet): Promise<QuietFigures> {
  const { planKey, reader, scene, target, writer } = quiet;
  const { addresses } = target;
  const headers = headersOf(target, scene.channel);
  const count = scaled(bench, QUIET_CALLS);
  const tasks = Array.from({ length: count }, () => buildTask(scene, planKey));
  const reads = Array.from({ length: count }, (_, index) => quiet.reads[index % quiet.reads.length]);
  const load = (client: Client, calls: readonly Call[]) =>
    client.load({ addresses, connections: 1, lanes: [{ headers, calls, paceMs: PACE_MS }] });
  const [writes, answers] = await Promise.all([
    load(writer, registrations(tasks, 1)),
    load(
      reader,
      reads.flatMap((call) => call ?? []),
    ),
  ]);
  return { writes, reads: answers };
}

function toLine(rounds: readonly NoisyRound[], row: string, kind: keyof QuietFigures): Figure {
  const compared = rounds.map(({ alone, beside, noise }): Round => {
    const { failures, p50Ms, p99Ms } = beside[kind];
    return { value: p99Ms, limit: alone[kind].p99Ms, p50Ms, p99Ms, failures: { ...noise.failures, ...failures } };
  });
  const notes = {
    'p50 alone': median(rounds.map(({ alone }) => alone[kind].p50Ms)),
    'p50 beside': median(rounds.map(({ beside }) => beside[kind].p50Ms)),
    'calls/s of the other': median(rounds.map(({ noise }) => noise.calls / noise.seconds)),
  };
  return toFigure({ row, unit: 'ms', rounds: compared, timesLimit: AIM, notes });
}
