import { callProcedure, type Dbal, type Procedure, type ServiceSettings } from '@orchestrator/lib';
import type { Pool } from 'pg';
import { Places } from '../../lines/places.ts';
import { traced } from '../../tracing/tracing.ts';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import { createLookUps } from '../joining/look-ups.ts';
import { RunsAlone } from '../joining/runs-alone.ts';
import { withArrivals } from '../joining/schedules.ts';
import { ClientExecutor, PoolExecutor } from '../sql/client-executor.ts';
import type { SqlExecutor, Statement } from '../sql/executor.ts';
import { RetryBudget } from './retry.ts';
import { ScopedExecutor } from './scoped-executor.ts';

const BEGIN: Statement = { name: 'begin_snapshot', text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' };
// By another name than that of writing transactions: tests lose the connections of those at COMMIT.
const COMMIT: Statement = { name: 'commit_snapshot', text: 'COMMIT' };

/** Look-ups of a channel that are on their way at once; more would only make each of them smaller. */
const MAX_LOOK_UPS = 2;

/** An organization in a channel: turns go round between them. */
export interface ReadingParty {
  readonly mspid: string;
  readonly channel: { readonly id: number; readonly name: string };
}

/** A reading request. */
export interface ReadRequest extends ReadingParty {
  readonly procedure: Procedure;
  readonly request: unknown;
  readonly signal: AbortSignal;
  /** The client's deadline in milliseconds since 1970, or Infinity. */
  readonly deadlineMs: number;
}

/** How long reading requests may wait, and how many of them. */
export interface ReaderLineSettings {
  /** Most of all channels that wait; one more is refused. */
  readonly limit: number;
  readonly timeoutMs: number;
}

/** While others are about too, an organization has at most this part of the connections: a few keep all busy. */
const SHARE = 1 / 8;

/** How long after its last call somebody is about. */
const SHARE_MEMORY_MS = 10_000;

/** Where reading requests run. */
export interface ReaderEnvironment {
  readonly pool: Pool;
  readonly settings: ServiceSettings;
  readonly line: ReaderLineSettings;
  readonly retryBudgetMs: number;
  retried(): void;
}

/** Runs reading procedures: they wait for no writer, and each sees a prefix of the channel's order. */
export class Reader {
  readonly #environment: ReaderEnvironment;
  readonly #places: Places;
  readonly #lookUps = new Map<number, Dbal>();
  /** Procedures that were seen to read something else than by key. */
  readonly #aloneProcedures = new Set<Procedure>();

  constructor(environment: ReaderEnvironment) {
    this.#environment = environment;
    const count = environment.pool.options.max;
    this.#places = new Places({
      count,
      lineLimit: environment.line.limit,
      where: 'to read',
      share: { count: Math.max(1, Math.floor(count * SHARE)), memoryMs: SHARE_MEMORY_MS },
    });
  }

  /** How many wait for a connection. */
  get waiting(): number {
    return this.#places.waiting;
  }

  /** Somebody writes: those who read must leave it its part of the database and of this process. */
  notice(caller: ReadingParty): void {
    this.#places.notice(ownerOf(caller));
  }

  /** @throws OrchestrationError, UnavailableError; anything else is a bug. */
  async read(request: ReadRequest): Promise<Uint8Array> {
    const { procedure } = request;
    if (procedure.kind === 'read' && !this.#aloneProcedures.has(procedure)) {
      // Although it needs no place: those who have some leave it its part of the rest.
      this.notice(request);
      try {
        // Look-ups need no place: all that wait for one go together, over few connections.
        return await this.#retrying(() => this.#call(request, this.#lookUpsOf(request.channel)));
      } catch (error) {
        if (!(error instanceof RunsAlone)) throw error;
        this.#aloneProcedures.add(procedure);
      }
    }
    return this.#readInPlace(request);
  }

  #lookUpsOf(channel: ReadRequest['channel']): Dbal {
    const known = this.#lookUps.get(channel.id);
    if (known !== undefined) return known;
    const lookUps = createLookUps(readingDbal(channel, new PoolExecutor(this.#environment.pool)), withArrivals(MAX_LOOK_UPS));
    this.#lookUps.set(channel.id, lookUps);
    return lookUps;
  }

  async #readInPlace(request: ReadRequest): Promise<Uint8Array> {
    const { channel, procedure, signal } = request;
    const deadlineMs = Math.min(request.deadlineMs, Date.now() + this.#environment.line.timeoutMs);
    using _place = await this.#places.enter({ signal, deadlineMs, owner: ownerOf(request) });
    return await this.#retrying(() =>
      procedure.kind === 'snapshot'
        ? this.#readSnapshot(request)
        : this.#call(request, readingDbal(channel, new PoolExecutor(this.#environment.pool))),
    );
  }

  async #retrying(attempt: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const budget = new RetryBudget(this.#environment.retryBudgetMs);
    for (;;) {
      try {
        return await traced({ name: 'reading transaction' }, attempt);
      } catch (error) {
        // Refusals do not pass: the budget hands them on.
        await budget.wait(error);
        this.#environment.retried();
      }
    }
  }

  async #readSnapshot(request: ReadRequest): Promise<Uint8Array> {
    const client = await this.#environment.pool.connect();
    const sql = new ClientExecutor(client);
    const scoped = new ScopedExecutor(sql, () => Promise.resolve());
    try {
      sql.send(BEGIN, []);
      return await this.#call(request, readingDbal(request.channel, scoped));
    } finally {
      scoped.close();
      // The answer is known: what the end of a reading transaction says matters to the client's next user only.
      const ended = sql.query(COMMIT, []);
      ended.then(
        () => client.release(),
        (error: unknown) => client.release(error instanceof Error ? error : true),
      );
    }
  }

  async #call({ channel, mspid, procedure, request }: ReadRequest, dbal: Dbal): Promise<Uint8Array> {
    const context = {
      channel: channel.name,
      mspid,
      get instant(): bigint {
        throw new Error('a reading procedure has no instant');
      },
      eventId: makesNoEvents,
    };
    return (await callProcedure({ procedure, request, context, dbal, settings: this.#environment.settings })).answer;
  }
}

function readingDbal(channel: ReadRequest['channel'], sql: SqlExecutor): Dbal {
  return createPostgresDbal({ sql, channelId: channel.id, channel: channel.name, takePositions: makesNoEvents });
}

function makesNoEvents(): never {
  throw new Error('a reading procedure makes no events');
}

function ownerOf({ channel, mspid }: ReadingParty): string {
  return JSON.stringify([channel.id, mspid]);
}
