import { setTimeout as sleep } from 'node:timers/promises';
import { QueryEventsResponse } from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import { BusyClients } from '../spec-support-faults/busy-clients.ts';
import { allPages } from '../spec-support-faults/pages.ts';
import { StreamFollower } from '../spec-support-faults/stream-follower.ts';
import { eventually } from '../spec-waiting.ts';
import { type ChannelFindings, type ChannelRecord, checkChannel } from './check.ts';
import { inject, targetOf } from './faults.ts';
import { describeFault, type Fault, type FaultKind, makePlan, REPLICAS } from './plan.ts';
import { CHAOS_CHANNELS, CHAOS_ORGANIZATIONS, type ChaosChannel, ChaosScene, type ChaosServices, TOPOLOGY } from './scene.ts';

const CLIENTS_PER_CHANNEL = 4;
/** Enough load that each fault meets calls, and few enough that a model can follow. */
const MAX_IDLE_MS = 250;
const PROGRESS_TIMEOUT_MS = 120_000;
const STREAM_TIMEOUT_MS = 60_000;
const QUEUE_TIMEOUT_MS = 120_000;
/** By then each request that its client gave up has been carried out, or never will be. */
const SETTLE_MS = 1500;
const POLL_MS = 20;
const LOG_PAGE_SIZE = 500;
/** The largest page: everything. */
const ALL = 10_000;
const REPLAYS = 25;

export interface ChaosOptions {
  readonly seed: number;
  readonly faults: number;
  /** Told of each fault as it begins. */
  readonly say?: (line: string) => void;
}

/** What a run came to in which nothing was wrong. */
export interface ChaosFindings {
  readonly seed: number;
  readonly injected: Readonly<Partial<Record<FaultKind, number>>>;
  /** Attempts that repeated a call. */
  readonly retries: number;
  /** How often those who followed the streams over all faults had to connect. */
  readonly connections: number;
  readonly channels: Readonly<Record<ChaosChannel, ChannelFindings>>;
}

/** The clients of a channel and those who follow its events. */
interface Company {
  readonly channel: ChaosChannel;
  readonly clients: BusyClients;
  readonly followers: readonly StreamFollower[];
}

/**
 * Lets a plan of faults happen to two servers while clients work and subscribers follow, and checks all that they saw.
 *
 * @throws Error that holds the seed and the plan, when something does not come back or is not right.
 */
export async function runChaos(services: ChaosServices, options: ChaosOptions): Promise<ChaosFindings> {
  const plan = makePlan(options.seed, options.faults);
  const told = { begun: 0, output: '' };
  try {
    await using scene = await ChaosScene.open(services);
    try {
      return await new ChaosRun(scene, options).play(plan, () => (told.begun += 1));
    } catch (error) {
      told.output = scene.replicas.map(({ output }, place) => `server ${place} said:\n${output}`).join('\n');
      throw error;
    }
  } catch (error) {
    const faults = plan.map((fault, index) => `${index === told.begun - 1 ? '>' : ' '} ${describeFault(fault, index)}`);
    const again = `npm run chaos -- --faults ${options.faults} --seed ${options.seed}`;
    throw new Error(`seed ${options.seed}, after ${told.begun} faults; again: ${again}\n${faults.join('\n')}\n${told.output}`, { cause: error });
  }
}

class ChaosRun {
  readonly #scene: ChaosScene;
  readonly #options: ChaosOptions;
  readonly #companies: readonly Company[];

  constructor(scene: ChaosScene, options: ChaosOptions) {
    this.#scene = scene;
    this.#options = options;
    this.#companies = CHAOS_CHANNELS.map((channel, index) => ({
      channel,
      clients: new BusyClients({
        channel,
        servers: scene,
        seed: options.seed * CHAOS_CHANNELS.length + index,
        organizations: TOPOLOGY[channel],
        maxIdleMs: MAX_IDLE_MS,
        retriesElsewhere: true,
      }),
      followers: Array.from({ length: REPLICAS }, (_, place) => new StreamFollower({ servers: scene, channel, mspid: TOPOLOGY[channel][place] ?? '', place })),
    }));
  }

  async play(plan: readonly Fault[], begun: () => void): Promise<ChaosFindings> {
    try {
      await this.#work(plan, begun);
      const records = await Promise.all(this.#companies.map((company) => this.#record(company)));
      const channels = Object.fromEntries(records.map((record) => [record.channel, checkChannel(record)])) as Record<ChaosChannel, ChannelFindings>;
      return {
        seed: this.#options.seed,
        injected: countKinds(plan.filter((fault) => this.#canHappen(fault))),
        retries: sum(this.#companies.map(({ clients }) => clients.retries)),
        connections: sum(this.#companies.flatMap(({ followers }) => followers.map((each) => each.connections))),
        channels,
      };
    } finally {
      for (const follower of this.#companies.flatMap(({ followers }) => followers)) follower[Symbol.dispose]();
    }
  }

  #canHappen({ kind, replica }: Fault): boolean {
    return kind !== 'clock stepped' || this.#scene.replica(replica).clock !== undefined;
  }

  /** All faults of the plan, while the clients work. */
  async #work(plan: readonly Fault[], begun: () => void): Promise<void> {
    for (const { clients } of this.#companies) await clients.prepare();
    let isOver = false;
    const work = this.#companies.flatMap(({ channel, clients }) =>
      Array.from({ length: CLIENTS_PER_CHANNEL }, (_, index) =>
        clients.run({ index, mspid: organizationOf(channel, index), until: () => isOver }),
      ),
    );
    try {
      // Clients end before only by an error of their own.
      await Promise.race([this.#injectAll(plan, begun), Promise.all(work).then(() => new Promise<never>(() => undefined))]);
    } finally {
      isOver = true;
      await Promise.allSettled(work);
    }
  }

  async #injectAll(plan: readonly Fault[], begun: () => void): Promise<void> {
    // What meets one fault meets the next when that one is over.
    const lines = new Map<string, Promise<void>>();
    const failure = Promise.withResolvers<never>();
    failure.promise.catch(() => undefined);
    for (const [index, fault] of plan.entries()) {
      await Promise.race([this.#progress(fault.callsBefore), failure.promise]);
      begun();
      this.#options.say?.(describeFault(fault, index));
      const target = targetOf(fault);
      const injected = (lines.get(target) ?? Promise.resolve()).then(() => inject(this.#scene, fault));
      const done = injected.catch((error: unknown) => failure.reject(new Error(`${describeFault(fault, index)}: it does not end well`, { cause: error })));
      lines.set(target, done);
      if (!fault.overlaps) await Promise.race([done, failure.promise]);
    }
    await Promise.race([Promise.all(lines.values()), failure.promise]);
    for (const replica of this.#scene.replicas) replica.requireAlive();
    await this.#progress(CLIENTS_PER_CHANNEL);
  }

  /** Waits until so many more calls were answered in each channel: whatever goes wrong, work goes on. */
  async #progress(count: number): Promise<void> {
    const answered = (): readonly number[] => this.#companies.map(({ clients }) => clients.calls.filter(({ outcome }) => outcome.kind === 'answered').length);
    const wanted = answered().map((before) => before + Math.ceil(count / this.#companies.length));
    const deadlineMs = performance.now() + PROGRESS_TIMEOUT_MS;
    while (answered().some((now, index) => now < (wanted[index] ?? 0))) {
      if (performance.now() > deadlineMs) throw new Error(`not within ${PROGRESS_TIMEOUT_MS} ms: ${count} answered calls`);
      await sleep(POLL_MS);
    }
  }

  /** When all is quiet: all that there is of a channel. */
  async #record({ channel, clients, followers }: Company): Promise<ChannelRecord> {
    const replays = await clients.replay(REPLAYS);
    const [organization = ''] = TOPOLOGY[channel];
    await clients.mark(organization);
    await sleep(SETTLE_MS);
    const marker = await clients.mark(organization);
    for (const follower of followers) await follower.reach(marker, STREAM_TIMEOUT_MS);
    const events = await this.#streamOf({ channel, marker, place: 0, afterId: '' });
    await this.#readEverything(clients, events.flatMap(({ asset }) => (asset?.$case === 'computeTask' ? [asset.value.key] : [])));
    const random = createRandom(this.#options.seed);
    const resumed = [];
    for (let place = 0; place < REPLICAS; place += 1) {
      const afterId = random.pick(events.slice(0, -1)).id;
      resumed.push({ reader: `a stream of server ${place} from ${afterId} on`, afterId, events: await this.#streamOf({ channel, marker, place, afterId }) });
    }
    const readings = [
      ...followers.map((follower, place) => ({ reader: `follower ${place} of ${channel}`, events: follower.events })),
      { reader: `QueryEvents of ${channel}`, events: await this.#eventLog(channel, organization) },
    ];
    return { channel, calls: clients.calls, events, readings, resumed, queues: await this.#queues(channel, events.map(({ id }) => id)), replays };
  }

  async #streamOf({ channel, marker, place, afterId }: { readonly channel: ChaosChannel; readonly marker: string; readonly place: number; readonly afterId: string }) {
    using follower = new StreamFollower({ servers: this.#scene, channel, mspid: TOPOLOGY[channel][1], place, startEventId: afterId });
    await follower.reach(marker, STREAM_TIMEOUT_MS);
    return [...follower.events];
  }

  /** Lists everything, so that what is stored is compared with the model. */
  async #readEverything(clients: BusyClients, taskKeys: readonly string[]): Promise<void> {
    const page = { pageToken: '', pageSize: ALL };
    const mspid = CHAOS_ORGANIZATIONS[0];
    await clients.ask({ mspid, procedure: 'OrganizationService/GetAllOrganizations', request: {} });
    for (const [service, method] of [['ComputePlan', 'Plans'], ['ComputeTask', 'Tasks'], ['Function', 'Functions'], ['Performance', 'Performances']]) {
      await clients.ask({ mspid, procedure: `${service}Service/Query${method}`, request: page });
    }
    for (const computeTaskKey of new Set(taskKeys)) {
      await clients.ask({ mspid, procedure: 'ModelService/GetComputeTaskOutputModels', request: { computeTaskKey } });
    }
  }

  #eventLog(channel: ChaosChannel, mspid: string) {
    return allPages(async (pageToken) => {
      const read = () => this.#scene.client(1).call('QueryEvents', { pageToken, pageSize: LOG_PAGE_SIZE }, { channel, mspid });
      const answer = QueryEventsResponse.decode(await eventually('QueryEvents', read, STREAM_TIMEOUT_MS));
      return { items: answer.events, nextPageToken: answer.nextPageToken };
    });
  }

  async #queues(channel: ChaosChannel, ids: readonly string[]): Promise<ChannelRecord['queues']> {
    const queues = new Map<string, readonly { readonly id: string; readonly text: string }[]>();
    for (const mspid of TOPOLOGY[channel]) {
      const reader = this.#scene.readers.get(mspid);
      await reader?.waitFor(ids, QUEUE_TIMEOUT_MS);
      const deliveries = reader?.deliveries.filter(({ message }) => message.fields.routingKey === channel) ?? [];
      queues.set(mspid, deliveries.map(({ id, message }) => ({ id, text: message.content.toString() })));
    }
    return queues;
  }
}

/** Clients of one organization work at both servers. */
function organizationOf(channel: ChaosChannel, client: number): string {
  return TOPOLOGY[channel][Math.floor((client * TOPOLOGY[channel].length) / CLIENTS_PER_CHANNEL)] ?? '';
}

function countKinds(faults: readonly Fault[]): Partial<Record<FaultKind, number>> {
  const counts: Partial<Record<FaultKind, number>> = {};
  for (const { kind } of faults) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
