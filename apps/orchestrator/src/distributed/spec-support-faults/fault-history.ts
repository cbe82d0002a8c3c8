import { setTimeout as sleep } from 'node:timers/promises';
import { type ComputeTask, type Event, QueryEventsResponse, QueryTasksResponse } from '@orchestrator/lib';
import { createRandom, explainHistory } from '@orchestrator/testing';
import { type LedgerKind, type SpecLedger, startSpecLedger } from '../spec-support-servers.ts';
import { BusyClients } from '../../spec-support-faults/busy-clients.ts';
import { allPages } from '../../spec-support-faults/pages.ts';
import { StreamFollower } from '../../spec-support-faults/stream-follower.ts';
import { Facades } from './facades.ts';
import { failNowAndThen, outages } from './injections.ts';

export const FAULT_CHANNELS = ['mychannel', 'yourchannel'] as const;
const ORGANIZATIONS = ['MyOrg1MSP', 'MyOrg2MSP'] as const;
const FACADES = 2;
const CLIENTS_PER_CHANNEL = 4;
/** By then everything that was handed to an orderer is in a block. */
const SETTLE_MS = 2000;
const STREAM_TIMEOUT_MS = 60_000;
const CALLS_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
const PAGE_SIZE = 100;
/** Short, so that a client soon learns that nobody knows. */
const ENVIRONMENT = { ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT: '6s' };

export type FaultChannel = (typeof FAULT_CHANNELS)[number];

/** What there is of a channel in the end. */
export interface FaultFindings {
  readonly calls: number;
  readonly transactions: number;
  /** Calls that were carried out after they had been refused. */
  readonly refusedCommitted: number;
  /** Ids of events: seen by who followed all the time, by who follows from the beginning now, and in the log. */
  readonly followed: readonly string[];
  readonly streamed: readonly string[];
  readonly logged: readonly string[];
  /** By key: the stored ones, and those of the model. */
  readonly tasks: readonly ComputeTask[];
  readonly modelTasks: readonly ComputeTask[];
}

export interface FaultPlay {
  /** How often each process is killed. */
  readonly rounds: number;
  /** How many calls are to be made between two outages. */
  readonly callsBetween: number;
}

/** One ledger, its facades and all that happens to them. */
export class FaultHistory implements AsyncDisposable {
  readonly #ledger: SpecLedger;
  readonly #facades: Facades;
  readonly #seed: number;
  readonly #clients: readonly BusyClients[];
  readonly #followers: readonly StreamFollower[];

  private constructor({ ledger, facades, seed }: { readonly ledger: SpecLedger; readonly facades: Facades; readonly seed: number }) {
    this.#ledger = ledger;
    this.#facades = facades;
    this.#seed = seed;
    this.#clients = FAULT_CHANNELS.map((channel, index) => new BusyClients({ channel, servers: facades, seed: seed * 10 + index, organizations: ORGANIZATIONS }));
    this.#followers = FAULT_CHANNELS.map((channel, index) => new StreamFollower({ servers: facades, channel, mspid: ORGANIZATIONS[index] ?? '' }));
  }

  static async open(kind: LedgerKind, seed: number): Promise<FaultHistory> {
    await using stack = new AsyncDisposableStack();
    const ledger = stack.use(await startSpecLedger(kind));
    const facades = await Facades.start({ ledger, count: FACADES, environment: ENVIRONMENT });
    const history = new FaultHistory({ ledger, facades, seed });
    stack.move();
    return history;
  }

  /** Kills every process so many times, in an order of its own each time, while the clients work. */
  async play({ rounds, callsBetween }: FaultPlay): Promise<void> {
    for (const clients of this.#clients) await clients.prepare();
    const endFaults = failNowAndThen(this.#ledger, this.#seed);
    let isOver = false;
    const work = this.#clients.flatMap((clients) =>
      Array.from({ length: CLIENTS_PER_CHANNEL }, (_, index) =>
        clients.run({ index, mspid: ORGANIZATIONS[Math.floor(index / FACADES) % ORGANIZATIONS.length] ?? '', until: () => isOver }),
      ),
    );
    try {
      await Promise.race([this.#injectAll({ rounds, callsBetween }), Promise.all(work).then(() => Promise.reject(new Error('the clients stopped')))]);
    } finally {
      isOver = true;
      await Promise.all(work);
    }
    console.log(`seed ${this.#seed} on ${this.#ledger.network.kind}: faults of the ledger: ${endFaults()}`);
  }

  async #injectAll({ rounds, callsBetween }: FaultPlay): Promise<void> {
    const random = createRandom(this.#seed);
    const all = outages({ ledger: this.#ledger, facades: this.#facades, random });
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, inject } of random.shuffle(all)) {
        await this.#moreCalls(callsBetween);
        try {
          await inject();
        } catch (error) {
          throw new Error(`${name}: it does not come back`, { cause: error });
        }
      }
    }
    await this.#moreCalls(callsBetween);
  }

  /** Waits for so many more outcomes, not for ever. */
  async #moreCalls(count: number): Promise<void> {
    const deadlineMs = Date.now() + CALLS_TIMEOUT_MS;
    const wanted = this.#callCount + count;
    while (this.#callCount < wanted) {
      if (Date.now() > deadlineMs) throw new Error(`not within ${CALLS_TIMEOUT_MS} ms: ${count} calls`);
      await sleep(POLL_MS);
    }
  }

  get #callCount(): number {
    return this.#clients.reduce((sum, { calls }) => sum + calls.length, 0);
  }

  /**
   * When all is quiet again: what there is of a channel.
   *
   * @throws Unexplained when the ledger does not explain what the clients heard.
   */
  async findings(channel: FaultChannel): Promise<FaultFindings> {
    const index = FAULT_CHANNELS.indexOf(channel);
    const [clients, follower] = [this.#clients[index], this.#followers[index]];
    if (clients === undefined || follower === undefined) throw new Error(`nobody works in ${channel}`);
    await clients.mark(ORGANIZATIONS[0]);
    await sleep(SETTLE_MS);
    const marker = await clients.mark(ORGANIZATIONS[0]);
    await follower.reach(marker, STREAM_TIMEOUT_MS);
    using anew = new StreamFollower({ servers: this.#facades, channel, mspid: ORGANIZATIONS[1] });
    await anew.reach(marker, STREAM_TIMEOUT_MS);
    const { model, ...counts } = explainHistory({ channel, calls: clients.calls, events: anew.events, transactionOf, visibleAt: 'own-peer' });
    const { kind } = this.#ledger.network;
    console.log(`seed ${this.#seed} on ${kind}, ${channel}: ${JSON.stringify(counts)}, ${anew.events.length} events, ${follower.connections} connections of the stream`);
    return {
      calls: clients.calls.length,
      transactions: counts.transactions,
      refusedCommitted: counts.refusedCommitted,
      followed: idsOf(follower.events),
      streamed: idsOf(anew.events),
      logged: idsOf(await this.#eventLog(channel)),
      tasks: byKey(await this.#tasks(channel)),
      modelTasks: byKey([...model.channel(channel).tasks.values()]),
    };
  }

  #tasks(channel: string): Promise<readonly ComputeTask[]> {
    return allPages(async (pageToken) => {
      const answer = QueryTasksResponse.decode(await this.#read('QueryTasks', { channel, pageToken }));
      return { items: answer.tasks, nextPageToken: answer.nextPageToken };
    });
  }

  #eventLog(channel: string): Promise<readonly Event[]> {
    return allPages(async (pageToken) => {
      const answer = QueryEventsResponse.decode(await this.#read('QueryEvents', { channel, pageToken }));
      return { items: answer.events, nextPageToken: answer.nextPageToken };
    });
  }

  #read(method: string, { channel, pageToken }: { readonly channel: string; readonly pageToken: string }): Promise<Uint8Array> {
    return this.#facades.client(0).call(method, { pageToken, pageSize: PAGE_SIZE }, { channel, mspid: ORGANIZATIONS[0] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const follower of this.#followers) follower[Symbol.dispose]();
    await this.#ledger[Symbol.asyncDispose]();
  }
}

function idsOf(events: readonly Event[]): readonly string[] {
  return events.map(({ id }) => id);
}

function byKey<T extends { readonly key: string }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

/** `<transaction id>:<index>`. */
function transactionOf(eventId: string): string {
  return eventId.slice(0, eventId.lastIndexOf(':'));
}
