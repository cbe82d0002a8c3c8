import { callProcedure } from '@orchestrator/lib';
import type { PoolClient } from 'pg';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import { ClientExecutor } from '../sql/client-executor.ts';
import { failureKind } from '../sql/database-error.ts';
import type { Statement } from '../sql/executor.ts';
import { type ChannelHead, lockChannel } from './channel-head.ts';
import { type GroupEnvironment, isRefusal, type Outcome, requireSize } from './outcome.ts';
import { RequestScope } from './request-scope.ts';
import { type AloneProcedures, mayRunBeside, runSideBySide } from './side-by-side.ts';
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
  readonly #environment: GroupEnvironment & { readonly alone: AloneProcedures };
  readonly #useSavepoints: boolean;
  /** Whether there is a savepoint, and whether anything was kept since. */
  #savepoint: 'none' | 'untouched' | 'passed' = 'none';

  constructor(client: PoolClient, environment: GroupEnvironment & { readonly alone: AloneProcedures }, groupSize: number) {
    this.#sql = new ClientExecutor(client);
    this.#environment = environment;
    this.#useSavepoints = groupSize > 1;
  }

  /** How many statements ran. */
  get statementCount(): number {
    return this.#sql.statementCount;
  }

  /**
   * Runs the requests and commits.
   *
   * @throws UnknownCommitError, or what the database said; then nothing is committed.
   */
  async run(requests: readonly WriteRequest[]): Promise<readonly Outcome[]> {
    this.#sql.send(BEGIN, []);
    const opening = lockChannel(this.#sql, this.#environment.channel.id);
    // Whoever waits for the head sees the failure; this only keeps it from being nobody's.
    opening.catch(() => undefined);
    const done = await this.#runTogether(requests, opening);
    const outcomes: Outcome[] = [];
    for (const request of requests) outcomes.push(done.get(request) ?? (await this.#runOne(request, opening)));
    const head = await opening;
    if (outcomes.every((outcome) => 'refusal' in outcome)) {
      await this.#sql.query(ROLLBACK, []);
      return outcomes;
    }
    await this.#commit(head, outcomes);
    return outcomes;
  }

  /** What can be done side by side. The others come behind it. */
  async #runTogether(
    requests: readonly WriteRequest[],
    opening: Promise<ChannelHead>,
  ): Promise<ReadonlyMap<WriteRequest, Outcome>> {
    const done = new Map<WriteRequest, Outcome>();
    const candidates = requests.filter((request) => mayRunBeside(request, this.#environment.alone));
    if (candidates.length < 2) return done;
    const scope = new RequestScope(this.#sql, opening, this.#environment, candidates.length);
    try {
      const outcomes = await runSideBySide(candidates, scope, this.#environment);
      for (const [index, request] of candidates.entries()) {
        const outcome = outcomes[index];
        if (outcome !== undefined) done.set(request, outcome);
      }
      return done;
    } finally {
      scope.close();
    }
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
    this.#setSavepoint();
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
      this.#savepoint = 'passed';
      return { answer, events, stored: scope.stored };
    } catch (error) {
      // What went wrong with the opening is the cause of what went wrong after it.
      await scope.opened();
      if (!isRefusal(error)) throw error;
      scope.takeBack();
      if (this.#useSavepoints) this.#sql.send(ROLLBACK_TO, []);
      this.#savepoint = 'untouched';
      return { refusal: error };
    } finally {
      scope.close();
    }
  }

  /** The last one needs no release: COMMIT does that. */
  #setSavepoint(): void {
    if (!this.#useSavepoints || this.#savepoint === 'untouched') return;
    this.#sql.send(this.#savepoint === 'none' ? SAVEPOINT : NEXT_SAVEPOINT, []);
  }
}
