import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from '../client/client.ts';
import type { Lane } from '../client/jobs.ts';
import { Child } from '../process/child.ts';
import { nowMs, within } from '../process/clock.ts';
import { readsOf } from '../rows/reads.ts';
import { type BenchOptions, openBench, type StandaloneBench } from '../standalone/bench.ts';
import { type BenchPostgres, startBenchPostgres } from '../standalone/database.ts';
import { eventIds, lastEventId } from '../workload/log.ts';
import { lifeOfTask } from '../workload/lives.ts';
import { addPlan, type Scene } from '../workload/scene.ts';
import { layStock, type Stock } from '../workload/stock.ts';
import { headersOf } from '../workload/target.ts';
import { buildTasks, registrations } from '../workload/tasks.ts';
import type { ReachJob, Sightings, SoakJob, SoakReport, SubscriberKind } from './jobs.ts';
import { type Course, courseOf, judgeCourse, judgeLeft } from './judgement.ts';
import { readHeldState, readState, type ServerState } from './server-state.ts';

const WRITERS_PER_CHANNEL = 4;
const LIVES_PER_WRITER = 250;
const BATCHES = 20;
const BATCH = 20;
const READERS = 8;
/** No aim, only an end: a busy machine may need minutes for a million deliveries. */
const REACH_TIMEOUT_MS = 300_000;
const QUIET_TIMEOUT_MS = 60_000;
const SAMPLE_MS = 1000;
const PERCENT_OF_STOCK = 5;
/** A frozen client is asked after a minute without a word, and has 20 s to answer. */
const FROZEN_TIMEOUT_MS = 100_000;
/** Of the server: for reading, for writing in two channels, for the feeds, for notifications. */
const DATABASE_CONNECTIONS = 16 + 2 + 1 + 1;
/** Of the time of the load, before it is looked at. */
const WARM_UP_PART = 0.2;

export interface SoakOptions {
  readonly subscribers: number;
  readonly loadMs: number;
  /** How long is written before all have to catch up. */
  readonly chunkMs: number;
  /** Hears now and then how it goes. */
  readonly tell: (line: string) => void;
}

/** What a soak came to. */
export interface SoakResult {
  /** Empty when all is as it should be. */
  readonly faults: readonly string[];
  readonly counts: Readonly<Record<SubscriberKind, number>>;
  readonly events: number;
  readonly deliveries: number;
  readonly slowDeliveries: number;
  readonly cuts: number;
  readonly refusals: number;
  readonly calls: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly rss: Course;
  readonly heldBefore: ServerState;
  readonly heldAfter: ServerState;
  readonly databaseConnections: number;
}

/** Calls of the writers and readers so far. */
interface Tally {
  calls: number;
  readonly failures: Record<string, number>;
}

interface Soak {
  readonly options: SoakOptions;
  readonly bench: StandaloneBench;
  readonly stock: Stock;
  readonly readers: Client;
  readonly tally: Tally;
  readonly samples: ServerState[];
}

/** The subscribers, in a process of their own. */
class CrowdProcess implements AsyncDisposable {
  readonly #child = new Child(join(import.meta.dirname, 'crowd-process.ts'));

  async subscribe({ bench, options }: Soak): Promise<Readonly<Record<SubscriberKind, number>>> {
    const channels = bench.scenes.map(({ channel }) => headersOf(bench.target, channel));
    const address = bench.target.addresses[0] ?? '';
    const report = await this.#do({ kind: 'subscribe', address, channels, subscribers: options.subscribers });
    if (report.kind !== 'subscribed') throw new Error('the subscribers did something else');
    return report.counts;
  }

  async reach(job: Omit<ReachJob, 'kind' | 'timeoutMs'>): Promise<Sightings> {
    const report = await this.#do({ kind: 'reach', timeoutMs: REACH_TIMEOUT_MS, ...job });
    if (report.kind !== 'reached') throw new Error('the subscribers did something else');
    return report.sightings;
  }

  async leave(): Promise<void> {
    await this.#do({ kind: 'leave' });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }

  async #do(job: SoakJob): Promise<SoakReport> {
    this.#child.send(job);
    const report = (await within(this.#child.next(), 2 * REACH_TIMEOUT_MS, 'a job of the subscribers')) as SoakReport;
    if (report.kind === 'failed') throw new Error(report.why);
    return report;
  }
}

/**
 * A server under as much as it takes for a while: writers in two channels, batches, readers, and subscribers of whom half
 * are slow, are cut or freeze. Looks for lost events, and for what the server keeps of it when all have gone.
 */
export async function runSoak(options: SoakOptions): Promise<SoakResult> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startBenchPostgres());
  const bench = stack.use(await openBench(benchOptions(postgres)));
  const readers = stack.use(new Client());
  const stock = await layStock(bench);
  const soak: Soak = { options, bench, stock, readers, tally: { calls: 0, failures: {} }, samples: [] };
  options.tell('warming up');
  await runLoad({ ...soak, samples: [] }, options.loadMs * WARM_UP_PART);
  const heldBefore = await quietState(soak);
  options.tell(`quiet: ${JSON.stringify(heldBefore)}`);
  const load = await runLoad(soak, options.loadMs);
  const heldAfter = await quietState(soak);
  options.tell(`quiet: ${JSON.stringify(heldAfter)}`);
  const rss = courseOf(soak.samples.map(({ atMs, rssBytes }) => ({ atMs, bytes: rssBytes })));
  const { calls, failures } = soak.tally;
  const refused = Object.entries(failures).map(([status, count]) => `${count} calls failed with ${status}`);
  return {
    ...load,
    faults: [...load.faults, ...refused, ...judgeCourse(rss), ...judgeLeft(heldBefore, heldAfter)],
    calls,
    failures,
    rss,
    heldBefore,
    heldAfter,
  };
}

function benchOptions(postgres: BenchPostgres): BenchOptions {
  const preloaded = join(import.meta.dirname, 'collect-garbage.ts');
  return {
    postgres,
    effort: { rounds: 1, percent: PERCENT_OF_STOCK, readMs: 0 },
    environment: { METRICS_ENABLED: 'true', NODE_OPTIONS: `--expose-gc --import=${preloaded}` },
  };
}

type LoadResult = Pick<SoakResult, 'faults' | 'counts' | 'events' | 'deliveries' | 'slowDeliveries' | 'cuts' | 'refusals' | 'databaseConnections'>;

/** One load with subscribers of its own, from their coming to their going. */
async function runLoad(soak: Soak, loadMs: number): Promise<LoadResult> {
  const { bench, options } = soak;
  await using crowd = new CrowdProcess();
  const counts = await crowd.subscribe(soak);
  const startMs = nowMs();
  while (nowMs() < startMs + loadMs) {
    const chunkMs = Math.min(options.chunkMs, Math.max(startMs + loadMs - nowMs(), SAMPLE_MS));
    await runChunk(soak, chunkMs);
    const ids = await lastIds(bench);
    const { deliveries, faultCount, faults, late } = await crowd.reach({ ids, isLast: false });
    // They would only be waited for again and again.
    if (late.length > 0) break;
    options.tell(`${Math.round((nowMs() - startMs) / 1000)} s: ${deliveries} deliveries, ${soak.tally.calls} calls, ${faultCount} faults ${faults.join('; ')}`);
  }
  const sightings = await crowd.reach({ ids: await lastIds(bench), isLast: true });
  const databaseConnections = await bench.countConnections();
  const faults = [...(await judgeSightings(bench, sightings)), ...(await judgeFrozen(soak, counts, startMs))];
  if (databaseConnections > DATABASE_CONNECTIONS) faults.push(`${databaseConnections} connections to the database`);
  await crowd.leave();
  const { cuts, deliveries, heads, refusals, slowDeliveries } = sightings;
  const events = heads.reduce((sum, ofChannel) => sum + ofChannel.length, 0);
  return { faults, counts, events, deliveries, slowDeliveries, cuts, refusals, databaseConnections };
}

async function runChunk(soak: Soak, chunkMs: number): Promise<void> {
  const { bench, readers, samples, stock, tally } = soak;
  const { addresses } = bench.target;
  const lanes = await buildWrites(bench);
  const reads = readsOf(stock).flatMap(({ calls }) => calls.slice(0, 1));
  const headers = headersOf(bench.target, bench.scenes[0].channel);
  const loads = Promise.all([
    bench.client.load({ addresses, connections: lanes.length, lanes, limitMs: chunkMs }),
    readers.load({
      addresses,
      connections: READERS,
      lanes: Array.from({ length: READERS }, () => ({ headers, calls: reads })),
      repeatMs: chunkMs,
    }),
  ]);
  const done = loads.then(() => true);
  const tick = (): Promise<boolean> => sleep(SAMPLE_MS, false);
  while (!(await Promise.race([done, tick()]))) samples.push(await readState(serverOf(bench)));
  for (const { calls, failures } of await loads) {
    tally.calls += calls;
    for (const [status, count] of Object.entries(failures)) tally.failures[status] = (tally.failures[status] ?? 0) + count;
  }
}

/** Callers that live tasks in both channels, and one in each that registers batches. */
async function buildWrites({ api, scenes, target }: StandaloneBench): Promise<readonly Lane[]> {
  const lanesOf = async (scene: Scene): Promise<readonly Lane[]> => {
    const headers = headersOf(target, scene.channel);
    const plan = await addPlan(api, scene);
    const lives = () => Array.from({ length: LIVES_PER_WRITER }, (_, index) => lifeOfTask(scene, plan, index)).flat();
    const writers = Array.from({ length: WRITERS_PER_CHANNEL }, () => ({ headers, calls: lives() }));
    const batches = registrations(buildTasks(scene, await addPlan(api, scene), BATCHES * BATCH), BATCH);
    return [...writers, { headers, calls: batches, paceMs: SAMPLE_MS }];
  };
  return [...(await lanesOf(scenes[0])), ...(await lanesOf(scenes[1]))];
}

function lastIds({ api, scenes }: StandaloneBench): Promise<readonly string[]> {
  return Promise.all(scenes.map(({ channel }) => lastEventId(api, channel)));
}

/** Whether each got each event once and in order: they agree with each other, and with the log. */
async function judgeSightings({ api, scenes }: StandaloneBench, sightings: Sightings): Promise<readonly string[]> {
  const faults = [...sightings.faults];
  if (sightings.faultCount > faults.length) faults.push(`${sightings.faultCount} faults in all`);
  if (sightings.late.length > 0) faults.push(`${sightings.late.length} subscribers did not get all events: ${sightings.late.slice(0, 10).join('; ')}`);
  for (const [index, { channel }] of scenes.entries()) {
    const seen = (sightings.heads[index] ?? []).map((head) => head.slice(2));
    const ids = await eventIds(api, { channel, count: seen.length + 1, from: 'start' });
    const wrong = ids.findIndex((id, place) => seen[place] !== id);
    if (wrong >= 0 || ids.length !== seen.length) faults.push(`${channel}: ${seen.length} events seen, ${ids.length} in the log, another one at place ${wrong}`);
  }
  return faults;
}

/** Frozen clients hold their streams until the server has asked them in vain, and no longer. */
async function judgeFrozen({ bench }: Soak, counts: Readonly<Record<SubscriberKind, number>>, startMs: number): Promise<readonly string[]> {
  const living = counts.steady + counts.slow + counts.cut;
  const { openStreams } = await readState(serverOf(bench));
  const isOver = nowMs() - startMs > FROZEN_TIMEOUT_MS;
  const most = isOver ? living : living + counts.frozen;
  return openStreams >= living && openStreams <= most ? [] : [`${openStreams} event streams are open, ${living} to ${most} expected`];
}

/** What the server holds once it has noticed that all clients have gone. */
async function quietState({ bench }: Soak): Promise<ServerState> {
  const deadlineMs = nowMs() + QUIET_TIMEOUT_MS;
  for (;;) {
    const { openCalls, openStreams } = await readState(serverOf(bench));
    if ((openCalls === 0 && openStreams === 0) || nowMs() > deadlineMs) break;
    await sleep(SAMPLE_MS);
  }
  // A feed that nobody follows any more goes with the next poll.
  await sleep(3 * SAMPLE_MS);
  return readHeldState(serverOf(bench));
}

function serverOf({ servers }: StandaloneBench) {
  const [server] = servers;
  if (server === undefined) throw new Error('a soak needs a server');
  return server;
}
