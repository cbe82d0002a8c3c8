import type { Event, Procedure, Replay } from '@orchestrator/lib';
import type { Pool, PoolClient } from 'pg';
import { UnavailableError } from '../../errors.ts';
import type { StoredEvent } from '../dbal/event-log.ts';
import { type JoinedSpan, joinSpan, traceContext, traced } from '../../tracing/tracing.ts';
import { Boarding, groupOfOne } from './boarding.ts';
import { ChannelLine, type Group, type LineSettings, type LineTicket } from './channel-line.ts';
import { askCommitFate } from './commit-fate.ts';
import { GroupTransaction, UnknownCommitError } from './group-transaction.ts';
import type { GroupEnvironment, Outcome } from './outcome.ts';
import { RetryBudget } from './retry.ts';
import { mayRunBeside } from './side-by-side.ts';
import type { WriteRequest } from './write-request.ts';

/** What others do with committed transactions. */
export interface WriterObserver {
  /** After each commit, before the answers go out: the events in log order. */
  committed(channel: { readonly id: number; readonly name: string }, events: readonly StoredEvent[]): void;
  /** After each commit, per request. */
  changed(procedure: Procedure, channel: string, events: readonly Event[]): void;
  /** After each request: what became of it. */
  finished(procedure: Procedure, outcome: 'committed' | 'refused' | 'failed'): void;
  retried(): void;
  /** When a request's turn has come. @param waitedMs since it took its place. */
  turnCame(channel: string, waitedMs: number): void;
}

/** Where a channel's writing requests run. */
export interface WriterEnvironment extends GroupEnvironment {
  readonly pool: Pool;
  readonly line: LineSettings;
  readonly retryBudgetMs: number;
  readonly observer: WriterObserver;
}

interface Ticket extends WriteRequest, LineTicket {
  readonly resolve: (answer: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
  /** When it took its place, on the monotonic clock. */
  readonly enteredMs: number;
  readonly trace: ReturnType<typeof traceContext>;
}

/** A writing request with the signal that its caller has gone. */
export interface SubmittedWrite {
  readonly procedure: Procedure;
  readonly request: unknown;
  readonly mspid: string;
  readonly signal: AbortSignal;
  readonly replay?: Replay | undefined;
}

/** Runs the writing requests of one channel, one group after another. */
export class ChannelWriter {
  readonly #environment: WriterEnvironment;
  readonly #line: ChannelLine<Ticket>;

  constructor(environment: WriterEnvironment) {
    this.#environment = environment;
    this.#line = new ChannelLine(environment.line, (group) => this.#takeTurn(group));
  }

  /**
   * Waits for its turn, runs, and answers after the commit.
   *
   * @throws OrchestrationError, UnavailableError, MessageTooLargeError; anything else is a bug.
   */
  submit(write: SubmittedWrite): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      this.#line.enter({ ...write, organization: write.mspid, resolve, reject, enteredMs: performance.now(), trace: traceContext() }, reject);
    });
  }

  /** Resolves when nobody waits and nothing runs. */
  idle(): Promise<void> {
    return this.#line.idle();
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.#line.length;
  }

  #takeTurn(group: Group<Ticket>): Promise<void> {
    const { channel, observer } = this.#environment;
    return this.#runGroup(
      new Boarding(group, ({ enteredMs }) => observer.turnCame(channel.name, performance.now() - enteredMs)),
    );
  }

  async #runGroup(boarding: Boarding<Ticket>): Promise<void> {
    const budget = new RetryBudget(this.#environment.retryBudgetMs);
    try {
      this.#settle(boarding.tickets, await this.#runWithRetries(boarding, budget));
    } catch (error) {
      const { tickets } = boarding;
      if (tickets.length > 1 && !(error instanceof UnavailableError)) {
        // One of them is at fault: alone, it fails alone.
        for (const ticket of tickets) await this.#runGroup(new Boarding(groupOfOne(ticket), () => undefined));
        return;
      }
      for (const ticket of tickets) {
        this.#environment.observer.finished(ticket.procedure, 'failed');
        ticket.reject(error);
      }
    }
  }

  /** @throws the client's error: UnavailableError for what passes, the failure itself for a bug. */
  async #runWithRetries(boarding: Boarding<Ticket>, budget: RetryBudget): Promise<readonly Outcome[]> {
    for (;;) {
      try {
        const callers = boarding.tickets.map(({ trace }) => trace);
        return await traced({ name: 'transaction', callers }, (span) => this.#attempt(boarding, span));
      } catch (error) {
        if (error instanceof UnknownCommitError && (await this.#wasCommitted(error, budget))) return error.outcomes;
        await budget.wait(error instanceof UnknownCommitError ? error.cause : error);
        // Or each of those who wait would try for as long by itself, one after another.
        boarding.fill();
        this.#environment.observer.retried();
      }
    }
  }

  async #attempt(boarding: Boarding<Ticket>, span: JoinedSpan): Promise<readonly Outcome[]> {
    const client = await this.#environment.pool.connect();
    const before = boarding.tickets.length;
    let failure: unknown;
    try {
      const batches = boarding.batches((ticket) => mayRunBeside(ticket, this.#environment));
      return await new GroupTransaction(client, this.#environment, boarding.isAlone).run(batches);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      release(client, failure);
      joinSpan(span, {
        callers: boarding.tickets.slice(before).map(({ trace }) => trace),
        attributes: { requests: boarding.tickets.length },
      });
    }
  }

  /** @throws the client's error when the fate stays unknown within the budget. */
  async #wasCommitted(error: UnknownCommitError, budget: RetryBudget): Promise<boolean> {
    const stored = error.outcomes.flatMap((outcome) => ('events' in outcome ? outcome.events : []));
    const lost = {
      channelId: this.#environment.channel.id,
      transactionId: error.transactionId,
      eventId: stored[0]?.id,
    };
    for (;;) {
      let failure: unknown = error.cause;
      try {
        const fate = await askCommitFate(this.#environment.pool, lost);
        if (fate !== 'in progress') return fate === 'committed';
      } catch (asking) {
        failure = asking;
      }
      await budget.wait(failure);
    }
  }

  #settle(group: readonly Ticket[], outcomes: readonly Outcome[]): void {
    const { channel, observer } = this.#environment;
    // In the order of the log, which is that of the requests unless some ran side by side.
    const stored = outcomes
      .flatMap((outcome) => ('stored' in outcome ? outcome.stored : []))
      .toSorted((one, other) => Number(one.position - other.position));
    if (stored.length > 0) observer.committed(channel, stored);
    for (const [index, ticket] of group.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error('every request of a group has an outcome');
      if ('refusal' in outcome) {
        observer.finished(ticket.procedure, 'refused');
        ticket.reject(outcome.refusal);
      } else {
        observer.finished(ticket.procedure, 'committed');
        observer.changed(ticket.procedure, channel.name, outcome.events);
        ticket.resolve(outcome.answer);
      }
    }
  }
}

/** A client whose transaction did not end well is closed: the database then rolls back. */
function release(client: PoolClient, failure: unknown): void {
  if (failure === undefined) client.release();
  else client.release(failure instanceof Error ? failure : true);
}
