import { setTimeout as sleep } from 'node:timers/promises';
import { createRandom } from '@orchestrator/testing';
import { Client } from '../../client/client.ts';
import type { Call, Lane, LoadFigures } from '../../client/jobs.ts';
import { type Figure, median, percentile, type Round, toFigure } from '../../report/figure.ts';
import { readsOf } from '../../rows/reads.ts';
import { Api, toCall } from '../../workload/api.ts';
import { scaled } from '../../workload/bench.ts';
import { lastEventId } from '../../workload/log.ts';
import { addPlan, type Scene, setScene } from '../../workload/scene.ts';
import type { Stock } from '../../workload/stock.ts';
import { headersOf, type Target } from '../../workload/target.ts';
import { buildTask, registrations, repeat } from '../../workload/tasks.ts';
import { OTHER_ORGANIZATION, type StandaloneBench } from '../bench.ts';
import { type Noise, noises, QUIET_CALLS, QUIET_PER_SECOND } from './fairness-noise.ts';

const PACE_MS = 1000 / QUIET_PER_SECOND;
/** The other one is at it for so long before. */
const AHEAD_MS = 500;
/** Times its p99 when nobody else calls. */
const AIM = 3;
/** The loud one's clients would be on other machines: here they leave the processors to what is measured. */
const LOUD_NICENESS = 19;

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
 * The p99 of an organization that writes and reads now and then, while another one sends 100 times as much, or as much as
 * the server takes, in the same channel or in another one; beside its p99 when nobody else calls, measured right before in
 * the same round.
 */
export async function measureFairness(bench: StandaloneBench, stock: Stock): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack();
  const quiet = await openQuiet(bench, stock, stack);
  const [same, other] = bench.scenes;
  const figures: Figure[] = [];
  for (const noise of noises) {
    // For warming up.
    await runRound(bench, { quiet, stock, noise, scene: same });
    figures.push(...(await measureBeside(bench, `${noise.name}, same channel`, { quiet, stock, noise, scene: same })));
    figures.push(...(await measureBeside(bench, `${noise.name}, other channel`, { quiet, stock, noise, scene: other })));
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
  readonly quiet: Quiet;
  readonly stock: Stock;
  readonly noise: Noise;
  /** Of the loud organization. */
  readonly scene: Scene;
}

async function measureBeside(bench: StandaloneBench, name: string, beside: Beside): Promise<readonly Figure[]> {
  const rounds: NoisyRound[] = [];
  for (let index = 0; index < bench.effort.rounds; index += 1) rounds.push(await runRound(bench, beside));
  const aims = beside.noise.isHundredTimes ? { timesLimit: AIM } : {};
  return [
    toFigure({ ...aims, ...toLine(rounds, 'writes'), row: `write beside ${name}` }),
    toFigure({ ...aims, ...toLine(rounds, 'reads'), row: `read beside ${name}` }),
  ];
}

async function runRound(bench: StandaloneBench, { quiet, stock, noise, scene }: Beside): Promise<NoisyRound> {
  const headers = headersOf(bench.target, scene.channel);
  const lanes = (await noise.callers(bench, scene, stock)).map((lane): Lane => ({ headers, ...lane }));
  const alone = await callQuietly(bench, quiet);
  await using stack = new AsyncDisposableStack();
  if (noise.followers !== undefined) await follow(bench, { channel: scene.channel, followers: noise.followers, stack });
  const limitMs = AHEAD_MS + scaled(bench, QUIET_CALLS) * PACE_MS;
  const client = stack.use(new Client({ niceness: LOUD_NICENESS }));
  const loud = client.load({ addresses: bench.target.addresses, connections: lanes.length, lanes, limitMs });
  await sleep(AHEAD_MS);
  const [beside, figures] = await Promise.all([callQuietly(bench, quiet), loud]);
  return { alone, beside, noise: figures };
}

/** Opens event streams that go with the stack. */
async function follow(
  { api, target }: StandaloneBench,
  { channel, followers, stack }: { readonly channel: string; readonly followers: number; readonly stack: AsyncDisposableStack },
): Promise<void> {
  const client = stack.use(new Client({ niceness: LOUD_NICENESS }));
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
  const load = (client: Client, calls: readonly Call[]) =>
    client.load({ addresses, connections: 1, lanes: [{ headers, calls, paceMs: PACE_MS }] });
  const [writes, reads] = await Promise.all([load(writer, registrations(tasks, 1)), load(reader, repeat(quiet.reads, count))]);
  return { writes, reads };
}

/** One p99 over the calls of all rounds: that of a round's few would be its slowest call. */
function toLine(rounds: readonly NoisyRound[], kind: keyof QuietFigures) {
  const alone = sortedDurations(rounds.map((round) => round.alone[kind]));
  const beside = sortedDurations(rounds.map((round) => round.beside[kind]));
  const noise = rounds.map((round) => round.noise);
  const p99Ms = percentile(beside, 99);
  const failures = sumFailures([...rounds.map((round) => round.beside[kind]), ...noise]);
  const round: Round = { value: p99Ms, limit: percentile(alone, 99), p50Ms: percentile(beside, 50), p99Ms, failures };
  const notes = {
    'p50 alone': percentile(alone, 50),
    'p50 beside': percentile(beside, 50),
    'calls/s of the other': median(noise.map(({ calls, seconds }) => calls / seconds)),
  };
  return { unit: 'ms', rounds: [round], notes };
}

function sortedDurations(loads: readonly LoadFigures[]): readonly number[] {
  return loads.flatMap(({ durationsMs }) => durationsMs).toSorted((a, b) => a - b);
}

function sumFailures(loads: readonly LoadFigures[]): Readonly<Record<string, number>> {
  const sum: Record<string, number> = {};
  for (const { failures } of loads) {
    for (const [status, count] of Object.entries(failures)) sum[status] = (sum[status] ?? 0) + count;
  }
  return sum;
}
