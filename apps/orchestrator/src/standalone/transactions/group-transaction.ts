import type { PoolClient } from 'pg';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import { ClientExecutor } from '../sql/client-executor.ts';
import { failureKind } from '../sql/database-error.ts';
import type { Statement } from '../sql/executor.ts';
import { callRequest } from './call-request.ts';
import { type ChannelHead, lockChannel } from './channel-head.ts';
import { type GroupEnvironment, isRefusal, type Outcome, requireSize } from './outcome.ts';
import { RequestScope } from './request-scope.ts';
import { runSideBySide } from './side-by-side.ts';
import type { WriteRequest } from './write-request.ts';

const BEGIN: Statement = { name: 'begin_write', text: 'BEGIN ISOLATION LEVEL READ COMMITTED' };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT' };
const ROLLBACK: Statement = { name: 'rollback', text: 'ROLLBACK' };
const SAVEPOINT: Statement = { name: 'savepoint', text: 'SAVEPOINT request' };
// Without a name it goes as one simple query: one answer instead of two.
const NEXT_SAVEPOINT: Statement = { name: '', text: 'RELEASE SAVEPOINT request; SAVEPOINT request' };
const ROLLBACK_TO: Statement = { name: 'rollback_to', text: 'ROLLBACK TO SAVEPOINT request' };

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
  /** Whether the next request needs a savepoint before it. */
  #needsSavepoint: boolean;
  /** Whether there is a savepoint, and whether anything was kept since. */
  #savepoint: 'none' | 'untouched' | 'passed' = 'none';
  /** Whether a request was refused that had no savepoint before it. */
  #isSpoiled = false;

  /** @param isAlone whether the first request is the only one so far: it then goes without a savepoint. */
  constructor(client: PoolClient, environment: GroupEnvironment, isAlone: boolean) {
    this.#sql = new ClientExecutor(client);
    this.#environment = environment;
    this.#needsSavepoint = !isAlone;
  }

  /** How many statements ran. */
  get statementCount(): number {
    return this.#sql.statementCount;
  }

  /**
   * Runs the requests and commits.
   *
   * @param batches asked for the next one when the one before is done; it may end without having been asked for all. The
   *   requests of a batch of several are run side by side as far as they can.
   * @returns the outcomes of those that were asked for, in their order.
   * @throws UnknownCommitError, or what the database said; then nothing is committed.
   */
  async run(batches: Iterable<readonly WriteRequest[]>): Promise<readonly Outcome[]> {
    this.#sql.send(BEGIN, []);
    const opening = lockChannel(this.#sql, this.#environment.channel.id);
    // Whoever waits for the head sees the failure; this only keeps it from being nobody's.
    opening.catch(() => undefined);
    const outcomes: Outcome[] = [];
    for (const batch of batches) {
      outcomes.push(...(await this.#runBatch(batch, opening)));
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

  async #runBatch(batch: readonly WriteRequest[], opening: Promise<ChannelHead>): Promise<readonly Outcome[]> {
    const done = batch.length > 1 ? await this.#runTogether(batch, opening) : [];
    const outcomes: Outcome[] = [];
    for (const [index, request] of batch.entries()) {
      outcomes.push(done[index] ?? (await this.#runAlone(request, opening)));
    }
    return outcomes;
  }

  /** @returns undefined for those that have to run by themselves, behind the others. */
  async #runTogether(batch: readonly WriteRequest[], opening: Promise<ChannelHead>): Promise<readonly (Outcome | undefined)[]> {
    const scope = new RequestScope(this.#sql, opening, this.#environment, batch.length);
    try {
      return await runSideBySide(batch, scope, this.#environment);
    } finally {
      scope.close();
      this.#keep();
    }
  }

  async #runAlone(request: WriteRequest, opening: Promise<ChannelHead>): Promise<Outcome> {
    if (this.#needsSavepoint) this.#setSavepoint();
    this.#needsSavepoint = true;
    return this.#runOne(request, opening);
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
    const environment = this.#environment;
    const { maxAnswerBytes, settings } = environment;
    const scope = new RequestScope(this.#sql, opening, environment);
    try {
      const { answer, events } = await callRequest({ request, scope, index: 0, environment, dbal: createPostgresDbal(scope) });
      await scope.opened();
      requireSize('answer', answer, maxAnswerBytes);
      // An event that a client cannot take would end its stream at that place for ever.
      for (const { bytes } of scope.stored) requireSize('event', bytes, settings.maxPageBytes);
      this.#keep();
      return { answer, events, stored: scope.stored };
    } catch (error) {
      // What went wrong with the opening is the cause of what went wrong after it.
      await scope.opened();
      if (!isRefusal(error)) throw error;
      scope.takeBack();
      this.#rollBackRequest();
      return { refusal: error };
    } finally {
      scope.close();
    }
  }

  /** Nothing of what was done so far may be taken back by the next request. */
  #keep(): void {
    this.#needsSavepoint = true;
    if (this.#savepoint !== 'none') this.#savepoint = 'passed';
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
