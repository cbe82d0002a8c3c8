import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceError, status } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';
import { createRandom, type HeardOutcome, type Random, type RecordedCall, SharedWork, type WorkItem } from '@orchestrator/testing';
import type { Headers } from '../../spec-client.ts';
import type { Facades } from './facades.ts';

const ATTEMPTS = 8;
/** In so many of 100 cases a client gives up after an attempt that told it nothing. */
const GIVE_UP_PERCENT = 12;
const MAX_PAUSE_MS = 600;

/** Nobody knows whether such a call was carried out. */
const TELLING_NOTHING: ReadonlySet<number> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED]);

const rows = new Map(procedures.map((row) => [`${row.service}/${row.method}`, row]));

/** So many of 100 calls have no key that would make it safe to send them again: they are sent once. */
const KEYLESS_PERCENT = 25;

/** The clients of one channel: each makes call after call, and sends it again while it hears nothing of its fate. */
export class BusyClients {
  readonly calls: RecordedCall[] = [];
  readonly channel: string;
  readonly #facades: Facades;
  readonly #seed: number;
  readonly #random: Random;
  readonly #work: SharedWork;
  #moments = 0;
  #keys = 0;

  constructor({ channel, facades, seed, organizations }: { readonly channel: string; readonly facades: Facades; readonly seed: number; readonly organizations: readonly string[] }) {
    this.channel = channel;
    this.#facades = facades;
    this.#seed = seed;
    this.#random = createRandom(seed + 1);
    this.#work = new SharedWork({ seed, organizations });
  }

  /** Calls without which no other makes sense. */
  async prepare(): Promise<void> {
    for (const item of this.#work.preparation()) await this.#untilHeard(item);
  }

  /** One client: works at one facade until it is told to stop. */
  async run({ index, mspid, until }: { readonly index: number; readonly mspid: string; readonly until: () => boolean }): Promise<void> {
    while (!until()) await this.#call(this.#work.next(mspid), { index, attempts: this.#random.chance(KEYLESS_PERCENT) ? 1 : ATTEMPTS });
  }

  /** Registers a plan that marks a place in the log. @returns its key. */
  async mark(mspid: string): Promise<string> {
    const marker = this.#work.marker(mspid);
    await this.#untilHeard(marker);
    return marker.key;
  }

  async #untilHeard(item: WorkItem): Promise<void> {
    const { kind } = await this.#call(item, { index: 0, attempts: Infinity });
    if (kind !== 'answered') throw new Error(`${item.procedure} was ${kind}`);
  }

  async #call(item: WorkItem, { index, attempts }: { readonly index: number; readonly attempts: number }): Promise<HeardOutcome> {
    const { mspid, procedure, request } = item;
    this.#keys += 1;
    const key = attempts === 1 ? {} : { idempotencyKey: `${this.#seed}-${this.#keys}` };
    const headers = { channel: this.channel, mspid, ...key };
    const sentAt = this.#moment();
    let outcome = await this.#attempt(item, { index, headers });
    for (let attempt = 1; attempt < attempts && outcome.kind === 'unknown'; attempt += 1) {
      if (attempts !== Infinity && this.#random.chance(GIVE_UP_PERCENT)) break;
      await sleep(this.#random.below(MAX_PAUSE_MS));
      outcome = await this.#attempt(item, { index, headers });
    }
    if (outcome.kind === 'answered') item.answered();
    const heardAt = outcome.kind === 'unknown' ? Infinity : this.#moment();
    this.calls.push({ channel: this.channel, mspid, procedure, request, sentAt, heardAt, outcome });
    return outcome;
  }

  async #attempt({ procedure, request }: WorkItem, { index, headers }: { readonly index: number; readonly headers: Headers }): Promise<HeardOutcome> {
    const bytes = rows.get(procedure)?.request.encode(request as never).finish();
    if (bytes === undefined) throw new Error(`no procedure ${procedure}`);
    try {
      return { kind: 'answered', bytes: await this.#facades.client(index).callBytes(`/orchestrator.${procedure}`, bytes, headers) };
    } catch (error) {
      const { code, details } = error as ServiceError;
      return TELLING_NOTHING.has(code) ? { kind: 'unknown' } : { kind: 'refused', code, message: details };
    }
  }

  #moment(): number {
    this.#moments += 1;
    return this.#moments;
  }
}
