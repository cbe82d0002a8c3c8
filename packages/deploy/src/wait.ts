import { setTimeout as sleep } from 'node:timers/promises';

const INTERVAL_MS = 200;

export interface WaitOptions {
  /** Follows "did not happen in time:". */
  readonly what: string;
  readonly timeoutMs: number;
}

/** Asks until the answer is no longer undefined. @throws Error with the last failure when the time is over */
export async function waitFor<T>(ask: () => Promise<T | undefined>, { what, timeoutMs }: WaitOptions): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last = '';
  for (;;) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    if (Date.now() > deadline) throw new Error(`this did not happen within ${timeoutMs} ms: ${what} ${last}`);
    await sleep(INTERVAL_MS);
  }
}
