import { callProcedure, type Event, OrchestrationError, type ServiceSettings } from '@orchestrator/lib';
import type { PoolClient } from 'pg';
import { MessageTooLargeError } from '../../errors.ts';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import type { StoredEvent } from '../dbal/event-log.ts';
import { ClientExecutor } from '../sql/client-executor.ts';
import { failureKind } from '../sql/database-error.ts';
import type { Statement } from '../sql/executor.ts';
import { type ChannelHead, lockChannel, takeInstant } from './channel-head.ts';
import { ScopedExecutor } from './scoped-executor.ts';
import type { WriteRequest } from './write-request.ts';

const BEGIN: Statement = { name: 'begin_write', text: 'BEGIN ISOLATION LEVEL READ COMMITTED' };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT' };
const ROLLBACK: Statement = { name: 'rollback', text: 'ROLLBACK' };
const SAVEPOINT: Statement = { name: 'savepoint', text: 'SAVEPOINT request' };
// Without a name it goes as one simple query: one answer instead of two.
const NEXT_SAVEPOINT: Statement = { name: '', text: 'RELEASE SAVEPOINT request; SAVEPOINT request' };
const ROLLBACK_TO: Statement = { name: 'rollback_to', text: 'ROLLBACK TO SAVEPOINT request' };

/** Where a group's transaction runs. */
export interface GroupEnvironment {
  readonly channel: { readonly id: number; readonly name: string };
  readonly settings: ServiceSettings;
  /** Largest answer in bytes. */
  readonly maxAnswerBytes: number;
  newEventId(instant: bigint): string;
}

/** What became of one request: its answer, or the error that refused it. */
export type Outcome =
  | {
      readonly answer: Uint8Array;
      readonly events: readonly Event[];
      /** The same events as the log has them. */
      readonly stored: readonly StoredEvent[];
    }
  | { readonly refusal: Error };

/** Thrown when the connection was lost after COMMIT was sent: the transaction may be committed or not. */
export class UnknownCommitError extends Error {
  readonly transactionId: string;
  readonly outcomes: readonly Outcome[];

  constructor(transactionId: string, outcomes: readonly Outcome[], cause: unknown) {
    super('the connection was lost during COMMIT', { cause });
    this.name = 'UnknownCommitError';
    this.transactionId = transactionId;
    this.outcomes = outcomes;
  }
}

/**
 * One database transaction for a group of writing requests of a channel: each is all or nothing by itself, and none is
 * answered before the commit.
 */
export class GroupTransaction {
  readonly #sql: ClientExecutor;
  readonly #environment: GroupEnvironment;
  readonly #isAlone: boolean;
  /** Whether there is a savepoint, and whether anything was kept since. */
  #savepoint: 'none' | 'untouched' | 'passed' = 'none';
  /** Whether a request was refused that had no savepoint before it. */
  #isSpoiled = false;

  /** @param isAlone whether the first request is the only one so far: it then goes without a savepoint. */
  constructor(client: PoolClient, environment: GroupEnvironment, isAlone: boolean) {
    this.#sql = new ClientExecutor(client);
    this.#environment = environment;
    this.#isAlone = isAlone;
  }

  /** How many statements ran. */
  get statementCount(): number {
    return this.#sql.statementCount;
  }

  /**
   * Runs the requests and commits.
   *
   * @param requests asked for the next one when the one before is done; it may end without having been asked for all.
   * @returns the outcomes of those that were asked for.
   * @throws UnknownCommitError, or what the database said; then nothing is committed.
   */
  async run(requests: Iterable<WriteRequest>): Promise<readonly Outcome[]> {
    this.#sql.send(BEGIN, []);
    const opening = lockChannel(this.#sql, this.#environment.channel.id);
    // Whoever waits for the head sees the failure; this only keeps it from being nobody's.
    opening.catch(() => undefined);
    const outcomes: Outcome[] = [];
    for (const request of requests) {
      if (outcomes.length > 0 || !this.#isAlone) this.#setSavepoint();
      outcomes.push(await this.#runOne(request, opening));
      if (this.#isSpoiled) break;
    }
    const head = await opening;
    if (outcomes.every((outcome) => 'refusal' in outcome)) {
      await this.#sql.query(ROLLBACK, []);
      return outcomes;
    }
    await this.#commit(head, outcomes);
    return outcomes;
  }

  async #commit(head: ChannelHead, outcomes: readonly Outcome[]): Promise<void> {
    try {
      await this.#sql.query(COMMIT, []);
    } catch (error) {
      // Only a lost connection leaves the outcome open.
      if (failureKind(error) !== 'connection') throw error;
      throw new UnknownCommitError(head.transactionId, outcomes, error);
    }
    await this.#sql.flush();
  }

  async #runOne(request: WriteRequest, opening: Promise<ChannelHead>): Promise<Outcome> {
    const { channel, maxAnswerBytes, settings } = this.#environment;
    const scope = new RequestScope(this.#sql, opening, this.#environment);
    try {
      const { answer, events } = await callProcedure({
        procedure: request.procedure,
        request: request.request,
        context: {
          channel: channel.name,
          mspid: request.mspid,
          get instant() {
            return scope.instant;
          },
          eventId: () => this.#environment.newEventId(scope.instant),
        },
        dbal: createPostgresDbal(scope),
        settings,
        replay: request.replay,
      });
      await scope.opened();
      requireSize('answer', answer, maxAnswerBytes);
      // An event that a client cannot take would end its stream at that place for ever.
      for (const { bytes } of scope.stored) requireSize('event', bytes, settings.maxPageBytes);
      if (this.#savepoint !== 'none') this.#savepoint = 'passed';
      return { answer, events, stored: scope.stored };
    } catch (error) {
      // What went wrong with the opening is the cause of what went wrong after it.
      await scope.opened();
      if (!(error instanceof OrchestrationError || error instanceof MessageTooLargeError)) throw error;
      scope.takeBack();
      this.#rollBackRequest();
      return { refusal: error };
    } finally {
      scope.close();
    }
  }

  /** The last one needs no release: COMMIT does that. */
  #setSavepoint(): void {
    if (this.#savepoint === 'untouched') return;
    this.#sql.send(this.#savepoint === 'none' ? SAVEPOINT : NEXT_SAVEPOINT, []);
    this.#savepoint = 'untouched';
  }

  #rollBackRequest(): void {
    if (this.#savepoint === 'none') {
      this.#isSpoiled = true;
      return;
    }
    this.#sql.send(ROLLBACK_TO, []);
    this.#savepoint = 'untouched';
  }
}

function requireSize(what: 'answer' | 'event', { length }: Uint8Array, limitBytes: number): void {
  if (length > limitBytes) throw new MessageTooLargeError({ what, bytes: length, limitBytes });
}

/** What one request of a group sees of the transaction. */
class RequestScope {
  readonly sql: ScopedExecutor;
  readonly channelId: number;
  readonly channel: string;
  readonly stored: StoredEvent[] = [];
  readonly #opening: Promise<ChannelHead>;
  #head: ChannelHead | undefined;
  #instant = 0n;
  #firstPosition = 0n;

  constructor(sql: ClientExecutor, opening: Promise<ChannelHead>, environment: GroupEnvironment) {
    this.channelId = environment.channel.id;
    this.channel = environment.channel.name;
    this.#opening = opening;
    // The first answer brings the head: it was asked for before.
    this.sql = new ScopedExecutor(sql, () => this.opened());
  }

  /** Waits for the head, and takes the request's instant from it. */
  async opened(): Promise<void> {
    if (this.#head !== undefined) return;
    const head = await this.#opening;
    if (this.#head !== undefined) return;
    this.#head = head;
    this.#firstPosition = head.position;
    this.#instant = takeInstant(head);
  }

  get instant(): bigint {
    if (this.#head === undefined) throw new Error('the instant was asked for before the first read');
    return this.#instant;
  }

  takePositions(count: number): bigint {
    if (this.#head === undefined) throw new Error('positions were asked for before the first read');
    const first = this.#head.position + 1n;
    this.#head.position += BigInt(count);
    return first;
  }

  onEvents(events: readonly StoredEvent[]): void {
    this.stored.push(...events);
  }

  /** Gives the positions back, behind a rollback. */
  takeBack(): void {
    if (this.#head !== undefined) this.#head.position = this.#firstPosition;
  }

  close(): void {
    this.sql.close();
  }
}
