import { setTimeout as delay } from 'node:timers/promises';

/** How long to try, how often, and what ends the wait early. */
export interface WaitOptions {
  readonly timeoutMs: number;
  readonly intervalMs?: number;
  readonly signal?: AbortSignal;
}

/**
 * Asks `check` until it answers something, at the latest until `timeoutMs` after the call.
 *
 * @returns what `check` answered, or undefined when the time is up or the signal aborted.
 */
export async function poll<T>(check: () => Promise<T | undefined> | T | undefined, options: WaitOptions): Promise<T | undefined> {
  const endMs = performance.now() + options.timeoutMs;
  for (;;) {
    const answer = await check();
    if (answer !== undefined) return answer;
    const leftMs = endMs - performance.now();
    if (leftMs <= 0 || options.signal?.aborted === true) return undefined;
    await delay(Math.min(options.intervalMs ?? 50, leftMs));
  }
}
