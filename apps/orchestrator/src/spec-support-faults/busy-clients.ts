import { setTimeout as sleep } from 'node:timers/promises';
import type { ServiceError } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';
import { createRandom, type HeardOutcome, type Random, type RecordedCall, SharedWork, type WorkItem } from '@orchestrator/testing';
import type { Headers } from '../spec-client.ts';
import { type Servers, tellsNothing } from './servers.ts';

const ATTEMPTS = 8;
/** In so many of 100 cases a client gives up after an attempt that told it nothing. */
const GIVE_UP_PERCENT = 12;
const MAX_PAUSE_MS = 600;

const rows = new Map(procedures.map((row) => [`${row.service}/${row.method}`, row]));

/** So many of 100 calls have no key that would make it safe to send them again: they are sent once. */
const KEYLESS_PERCENT = 25;

export interface BusyClientsOptions {
  readonly channel: string;
  readonly servers: Servers;
  readonly seed: number;
  readonly organizations: readonly string[];
  /** Longest pause of a client between two calls; none unless given. */
  readonly maxIdleMs?: number;
  /** Whether a call is sent again to the next server; to the same one unless said. */
  readonly retriesElsewhere?: boolean;
}

/** An answered call that was sent once more with its idempotency key, and what that came to. */
export interface Replay {
  readonly call: RecordedCall;
  readonly outcome: HeardOutcome;
}

interface KeyedCall {
  readonly call: RecordedCall;
  readonly headers: Headers;
}

/** The clients of one channel: each makes call after call, and sends it again while it hears nothing of its fate. */
export class BusyClients {
  readonly calls: RecordedCall[] = [];
  readonly channel: string;
  readonly #options: BusyClientsOptions;
  readonly #random: Random;
  readonly #work: SharedWork;
  readonly #keyed: KeyedCall[] = [];
  #moments = 0;
  #keys = 0;
  #retries = 0;

  constructor(options: BusyClientsOptions) {
    const { channel, seed, organizations } = options;
    this.channel = channel;
    this.#options = options;
    this.#random = createRandom(seed + 1);
    this.#work = new SharedWork({ seed, organizations });
  }

  /** How many attempts were not the first of their call. */
  get retries(): number {
    return this.#retries;
  }

  /** Calls without which no other makes sense. */
  async prepare(): Promise<void> {
    for (const item of this.#work.preparation()) await this.#untilHeard(item);
  }

  /** One client: works at one server until it is told to stop. */
  async run({ index, mspid, until }: { readonly index: number; readonly mspid: string; readonly until: () => boolean }): Promise<void> {
    const { maxIdleMs = 0 } = this.#options;
    while (!until()) {
      await this.#call(this.#work.next(mspid), { index, attempts: this.#random.chance(KEYLESS_PERCENT) ? 1 : ATTEMPTS });
      if (maxIdleMs > 0) await sleep(this.#random.below(maxIdleMs));
    }
  }

  /** Registers a plan that marks a place in the log. @returns its key. */
  async mark(mspid: string): Promise<string> {
    const marker = this.#work.marker(mspid);
    await this.#untilHeard(marker);
    return marker.key;
  }

  /** Makes a call, and sends it again until it is answered. @throws Error when it is refused. */
  ask({ mspid, procedure, request }: Omit<WorkItem, 'answered'>): Promise<void> {
    const complete = rows.get(procedure)?.request.fromPartial(request) as object;
    return this.#untilHeard({ mspid, procedure, request: complete, answered: () => undefined });
  }

  /** Sends some of the answered calls once more, with their keys, and records nothing. */
  async replay(count: number): Promise<readonly Replay[]> {
    const answered = this.#keyed.filter(({ call }) => call.outcome.kind === 'answered');
    const replays: Replay[] = [];
    for (const { call, headers } of this.#random.shuffle(answered).slice(0, count)) {
      let outcome: HeardOutcome = { kind: 'unknown' };
      for (let attempt = 0; attempt < ATTEMPTS && outcome.kind === 'unknown'; attempt += 1) {
        outcome = await this.#attempt(call, { index: attempt, headers });
      }
      replays.push({ call, outcome });
    }
    return replays;
  }

  async #untilHeard(item: WorkItem): Promise<void> {
    const { kind } = await this.#call(item, { index: 0, attempts: Infinity });
    if (kind !== 'answered') throw new Error(`${item.procedure} was ${kind}`);
  }

  async #call(item: WorkItem, { index, attempts }: { readonly index: number; readonly attempts: number }): Promise<HeardOutcome> {
    const { mspid, procedure, request } = item;
    this.#keys += 1;
    const key = attempts === 1 ? {} : { idempotencyKey: `${this.#options.seed}-${this.#keys}` };
    const headers = { channel: this.channel, mspid, ...key };
    const sentAt = this.#moment();
    let outcome = await this.#attempt(item, { index, headers });
    let attempt = 1;
    for (; attempt < attempts && outcome.kind === 'unknown'; attempt += 1) {
      if (attempts !== Infinity && this.#random.chance(GIVE_UP_PERCENT)) break;
      await sleep(this.#random.below(MAX_PAUSE_MS));
      this.#retries += 1;
      outcome = await this.#attempt(item, { index: this.#options.retriesElsewhere === true ? index + attempt : index, headers });
    }
    if (outcome.kind === 'answered') item.answered();
    const heardAt = outcome.kind === 'unknown' ? Infinity : this.#moment();
    const call: RecordedCall = { channel: this.channel, mspid, procedure, request, sentAt, heardAt, outcome, hasOpenAttempt: attempt > 1 };
    this.calls.push(call);
    if (attempts > 1 && rows.get(procedure)?.kind === 'write') this.#keyed.push({ call, headers });
    return outcome;
  }

  async #attempt(
    { procedure, request }: Pick<WorkItem, 'procedure' | 'request'>,
    { index, headers }: { readonly index: number; readonly headers: Headers },
  ): Promise<HeardOutcome> {
    const bytes = rows.get(procedure)?.request.encode(request as never).finish();
    if (bytes === undefined) throw new Error(`no procedure ${procedure}`);
    try {
      return { kind: 'answered', bytes: await this.#options.servers.client(index).callBytes(`/orchestrator.${procedure}`, bytes, headers) };
    } catch (error) {
      const { code, details } = error as ServiceError;
      return tellsNothing(error as ServiceError) ? { kind: 'unknown' } : { kind: 'refused', code, message: details };
    }
  }

  #moment(): number {
    this.#moments += 1;
    return this.#moments;
  }
}
