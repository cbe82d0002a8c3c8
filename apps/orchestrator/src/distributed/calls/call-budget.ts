import { setTimeout as sleep } from 'node:timers/promises';
import { UnavailableError } from '../../errors.ts';
import type { Patience } from '../../lines/places.ts';

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1000;

/** Pauses are at most this part of the budget, so that several attempts fit into a short one. */
const PAUSE_PART = 10;

export interface CallBudgetOptions {
  readonly signal: AbortSignal;
  /** The caller's, in milliseconds since 1970, or Infinity. */
  readonly deadlineMs: number;
  readonly timeoutMs: number;
}

/** The time that one call has on the ledger, retries included: until the caller's deadline, and no longer than a setting. */
export class CallBudget implements Patience {
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  readonly #maxPauseMs: number;
  #pauseMs = FIRST_PAUSE_MS;

  constructor({ signal, deadlineMs, timeoutMs }: CallBudgetOptions) {
    const now = Date.now();
    this.signal = signal;
    this.deadlineMs = Math.min(deadlineMs, now + timeoutMs);
    this.#maxPauseMs = Math.min(MAX_PAUSE_MS, (this.deadlineMs - now) / PAUSE_PART);
  }

  get remainingMs(): number {
    return this.deadlineMs - Date.now();
  }

  /** A moment at most `timeoutMs` away, inside the budget, in milliseconds since 1970. */
  within(timeoutMs: number): number {
    return Math.min(this.deadlineMs, Date.now() + timeoutMs);
  }

  /**
   * Waits, with jitter and longer each time, before the next try.
   *
   * @throws `failure` when the time does not suffice; UnavailableError when the caller has gone.
   */
  async pause(failure: Error): Promise<void> {
    const delayMs = Math.min(this.#pauseMs, this.#maxPauseMs) * (0.5 + Math.random());
    if (delayMs >= this.remainingMs) throw failure;
    this.#pauseMs *= 2;
    await sleep(delayMs, undefined, { signal: this.signal }).catch(() => {
      throw new UnavailableError('the caller has gone');
    });
  }
}
