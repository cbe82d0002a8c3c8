import { setTimeout as sleep } from 'node:timers/promises';
import { failureKind, toClientError } from '../sql/database-error.ts';

const FIRST_DELAY_MS = 5;
const MAX_DELAY_MS = 100;

/** Time in which a request is tried again after a conflict or a lost connection. It starts with the first failure. */
export class RetryBudget {
  readonly #budgetMs: number;
  #deadlineMs: number | undefined;
  #delayMs = FIRST_DELAY_MS;
  #retries = 0;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** How often `wait` let somebody try again. */
  get retries(): number {
    return this.#retries;
  }

  /**
   * Waits, with jitter, before the next try.
   *
   * @throws what the client should see when the failure does not pass or the budget is used up.
   */
  async wait(failure: unknown): Promise<void> {
    const kind = failureKind(failure);
    this.#deadlineMs ??= performance.now() + this.#budgetMs;
    const delayMs = this.#delayMs * (0.5 + Math.random());
    const mayPass = kind === 'conflict' || kind === 'connection';
    if (!mayPass || performance.now() + delayMs > this.#deadlineMs) throw toClientError(failure);
    this.#delayMs = Math.min(this.#delayMs * 2, MAX_DELAY_MS);
    this.#retries += 1;
    await sleep(delayMs);
  }
}
