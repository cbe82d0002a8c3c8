import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_DELAY_MS = 100;
const FACTOR = 2;
/** Below the 5 s within which a publisher is back. */
const MAX_DELAY_MS = 4000;

/** Waits longer from failure to failure, by a random part of the delay, so that servers do not come all at once. */
export class BackOff {
  readonly #random: () => number;
  #failures = 0;

  /** @param random from 0 to below 1. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** It works again: the next failure is the first one. */
  reset(): void {
    this.#failures = 0;
  }

  /** The delay behind the next failure, in milliseconds: between a half and the whole of a doubling limit. */
  nextDelayMs(): number {
    const limitMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * FACTOR ** this.#failures);
    this.#failures += 1;
    return limitMs * (0.5 + this.#random() / 2);
  }

  /** Waits; returns early when the signal is aborted. */
  async wait(signal: AbortSignal): Promise<void> {
    await sleep(this.nextDelayMs(), undefined, { signal }).catch(() => undefined);
  }
}
