import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 20;

/** The error that a promise rejects with, without leaving it unhandled meanwhile; undefined when it resolves. */
export function refusalOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Fails when the promise takes longer. */
export async function within<T>(promise: Promise<T>, timeoutMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not come within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Tries until it works. @throws Error after the deadline, with what was thrown last as its cause. */
export async function eventually<T>(what: string, attempt: () => T | Promise<T>, timeoutMs: number): Promise<T> {
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

/** Waits until it is so; what cannot be asked now can be asked later. @throws Error after the deadline. */
export async function until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  const demand = async (): Promise<void> => {
    if (!(await check())) throw new Error('it is not so');
  };
  await eventually(what, demand, timeoutMs);
}
