import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/** Tries until it works. @throws Error after the deadline, with what was thrown last. */
export async function eventually<T>(what: string, attempt: () => Promise<T>, timeoutMs: number): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: error });
      await sleep(POLL_MS);
    }
  }
}
