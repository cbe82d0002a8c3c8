import { callProcedure, type Procedure, type ServiceSettings } from '@orchestrator/lib';
import type { Pool } from 'pg';
import { traced } from '../../tracing/tracing.ts';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import { ClientExecutor, PoolExecutor } from '../sql/client-executor.ts';
import type { SqlExecutor, Statement } from '../sql/executor.ts';
import { RetryBudget } from './retry.ts';
import { ScopedExecutor } from './scoped-executor.ts';

const BEGIN: Statement = { name: 'begin_snapshot', text: 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY' };
// By another name than that of writing transactions: tests lose the connections of those at COMMIT.
const COMMIT: Statement = { name: 'commit_snapshot', text: 'COMMIT' };

/** A reading request. */
export interface ReadRequest {
  readonly procedure: Procedure;
  readonly request: unknown;
  readonly mspid: string;
  readonly channel: { readonly id: number; readonly name: string };
}

/** Where reading requests run. */
export interface ReaderEnvironment {
  readonly pool: Pool;
  readonly settings: ServiceSettings;
  readonly retryBudgetMs: number;
  retried(): void;
}

/** Runs reading procedures: they wait for no writer, and each sees a prefix of the channel's order. */
export class Reader {
  readonly #environment: ReaderEnvironment;

  constructor(environment: ReaderEnvironment) {
    this.#environment = environment;
  }

  /** @throws OrchestrationError, UnavailableError; anything else is a bug. */
  async read(request: ReadRequest): Promise<Uint8Array> {
    const budget = new RetryBudget(this.#environment.retryBudgetMs);
    for (;;) {
      try {
        return await traced({ name: 'reading transaction' }, () => this.#attempt(request));
      } catch (error) {
        // Refusals do not pass: the budget hands them on.
        await budget.wait(error);
        this.#environment.retried();
      }
    }
  }

  #attempt(request: ReadRequest): Promise<Uint8Array> {
    const { pool } = this.#environment;
    return request.procedure.kind === 'snapshot'
      ? this.#readSnapshot(request)
      : this.#call(request, new PoolExecutor(pool));
  }

  async #readSnapshot(request: ReadRequest): Promise<Uint8Array> {
    const client = await this.#environment.pool.connect();
    const sql = new ClientExecutor(client);
    const scoped = new ScopedExecutor(sql, () => Promise.resolve());
    try {
      sql.send(BEGIN, []);
      return await this.#call(request, scoped);
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

  async #call(request: ReadRequest, sql: SqlExecutor): Promise<Uint8Array> {
    const { channel, mspid, procedure } = request;
    const { answer } = await callProcedure({
      procedure,
      request: request.request,
      context: {
        channel: channel.name,
        mspid,
        get instant(): bigint {
          throw new Error('a reading procedure has no instant');
        },
        eventId: () => {
          throw new Error('a reading procedure makes no events');
        },
      },
      dbal: createPostgresDbal({
        sql,
        channelId: channel.id,
        channel: channel.name,
        instant: 0n,
        takePositions: () => {
          throw new Error('a reading procedure makes no events');
        },
      }),
      settings: this.#environment.settings,
    });
    return answer;
  }
}
