import { setTimeout as sleep } from 'node:timers/promises';
import { type Event, QueryEventsResponse, QueryTasksResponse } from '@orchestrator/lib';
import { type ApiModel, createRandom, explainHistory } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { type LedgerKind, type SpecLedger, startSpecLedger } from '../spec-support-servers.ts';
import { BusyClients } from './busy-clients.ts';
import { Facades } from './facades.ts';
import { failNowAndThen, outages } from './injections.ts';
import { StreamFollower } from './stream-follower.ts';

const CHANNELS = ['mychannel', 'yourchannel'] as const;
const ORGANIZATIONS = ['MyOrg1MSP', 'MyOrg2MSP'] as const;
const FACADES = 2;
const CLIENTS_PER_CHANNEL = 4;
const TIMEOUT_MS = 300_000;
const ROUND_TIMEOUT_MS = 180_000;
/** By then everything that was handed to an orderer is in a block. */
const SETTLE_MS = 2000;
const STREAM_TIMEOUT_MS = 60_000;
const CALLS_TIMEOUT_MS = 60_000;
const POLL_MS = 50;
/** Short, so that a client soon learns that nobody knows. */
const ENVIRONMENT = { ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT: '6s' };

export interface FaultHistories {
  readonly kind: LedgerKind;
  readonly seeds: readonly number[];
  /** How often each process is killed. */
  readonly rounds: number;
  /** How many calls are to be made between two outages. */
  readonly callsBetween: number;
}

/** Tests: many clients at two facades while everything fails by turns, and then the question whether the ledger explains what they heard. */
export function testFaultHistories({ kind, seeds, rounds, callsBetween }: FaultHistories): void {
  describe(`clients at two facades while all that can fail does (${kind})`, () => {
    it.each(seeds)(
      'hear nothing that the ledger does not explain, and the stream is the log: seed %d',
      async (seed) => {
        await using history = await FaultHistory.open(kind, seed);
        await history.play({ rounds, callsBetween });
        for (const channel of CHANNELS) await history.check(channel);
      },
      TIMEOUT_MS + rounds * ROUND_TIMEOUT_MS,
    );
  });
}

/** One ledger, its facades and all that happens to them. */
class FaultHistory implements AsyncDisposable {
  readonly #ledger: SpecLedger;
  readonly #facades: Facades;
  readonly #seed: number;
  readonly #clients: readonly BusyClients[];
  readonly #followers: readonly StreamFollower[];

  private constructor({ ledger, facades, seed }: { readonly ledger: SpecLedger; readonly facades: Facades; readonly seed: number }) {
    this.#ledger = ledger;
    this.#facades = facades;
    this.#seed = seed;
    this.#clients = CHANNELS.map((channel, index) => new BusyClients({ channel, facades, seed: seed * 10 + index, organizations: ORGANIZATIONS }));
    this.#followers = CHANNELS.map((channel, index) => new StreamFollower({ facades, channel, mspid: ORGANIZATIONS[index] ?? '' }));
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
  async play({ rounds, callsBetween }: { readonly rounds: number; readonly callsBetween: number }): Promise<void> {
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

  async #injectAll({ rounds, callsBetween }: { readonly rounds: number; readonly callsBetween: number }): Promise<void> {
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

  /** When all is quiet again: does the ledger explain what the clients of a channel heard? */
  async check(channel: (typeof CHANNELS)[number]): Promise<void> {
    const index = CHANNELS.indexOf(channel);
    const [clients, follower] = [this.#clients[index], this.#followers[index]];
    if (clients === undefined || follower === undefined) throw new Error(`nobody works in ${channel}`);
    await clients.mark(ORGANIZATIONS[0]);
    await sleep(SETTLE_MS);
    const marker = await clients.mark(ORGANIZATIONS[0]);
    await follower.reach(marker, STREAM_TIMEOUT_MS);
    using anew = new StreamFollower({ facades: this.#facades, channel, mspid: ORGANIZATIONS[1] });
    await anew.reach(marker, STREAM_TIMEOUT_MS);
    const ids = idsOf(anew.events);
    expect(idsOf(follower.events)).toEqual(ids);
    expect(idsOf(await this.#eventLog(channel)).toSorted()).toEqual(ids.toSorted());
    const { model, ...counts } = explainHistory({ channel, calls: clients.calls, events: anew.events, transactionOf });
    await this.#checkTasks(channel, model);
    console.log(`seed ${this.#seed} on ${this.#ledger.network.kind}, ${channel}: ${JSON.stringify(counts)}, ${ids.length} events, ${follower.connections} connections of the stream`);
    expect(counts.transactions).toBeGreaterThan(clients.calls.length / 5);
  }

  async #checkTasks(channel: string, model: ApiModel): Promise<void> {
    const stored = await this.#allPages(async (pageToken) => {
      const { tasks, nextPageToken } = QueryTasksResponse.decode(await this.#facades.client(0).call('QueryTasks', { pageToken, pageSize: 100 }, { channel, mspid: ORGANIZATIONS[0] }));
      return { items: tasks, nextPageToken };
    });
    const wanted = [...model.channel(channel).tasks.values()];
    expect(byKey(stored)).toEqual(byKey(wanted));
  }

  #eventLog(channel: string): Promise<readonly Event[]> {
    return this.#allPages(async (pageToken) => {
      const { events, nextPageToken } = QueryEventsResponse.decode(await this.#facades.client(0).call('QueryEvents', { pageToken, pageSize: 100 }, { channel, mspid: ORGANIZATIONS[0] }));
      return { items: events, nextPageToken };
    });
  }

  async #allPages<T>(read: (pageToken: string) => Promise<{ readonly items: readonly T[]; readonly nextPageToken: string }>): Promise<readonly T[]> {
    const all: T[] = [];
    let pageToken = '';
    do {
      const page = await read(pageToken);
      all.push(...page.items);
      pageToken = page.nextPageToken;
    } while (pageToken !== '');
    return all;
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
