import type { SqlExecutor, Statement } from '../sql/executor.ts';

/**
 * The executor of one request. Once closed it refuses statements: what a request left behind (a branch of a
 * `Promise.all` after another one failed) must not run in the transaction of the next one.
 */
export class ScopedExecutor implements SqlExecutor {
  readonly #sql: SqlExecutor;
  readonly #beforeAnswer: () => Promise<void>;
  #isClosed = false;

  /** @param beforeAnswer awaited after each answer, before the request goes on. */
  constructor(sql: SqlExecutor, beforeAnswer: () => Promise<void>) {
    this.#sql = sql;
    this.#beforeAnswer = beforeAnswer;
  }

  async query(statement: Statement, parameters: readonly unknown[]): Promise<readonly (readonly unknown[])[]> {
    this.#requireOpen();
    const rows = await this.#sql.query(statement, parameters);
    await this.#beforeAnswer();
    return rows;
  }

  send(statement: Statement, parameters: readonly unknown[]): void {
    this.#requireOpen();
    this.#sql.send(statement, parameters);
  }

  close(): void {
    this.#isClosed = true;
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new Error('the request has ended');
  }
}
