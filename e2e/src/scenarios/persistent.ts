import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';

const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;

/** Makes a call as existing clients do: UNAVAILABLE is tried again, five times, after growing pauses. */
export async function persistent<T>(call: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      const isTransient = error instanceof Error && 'code' in error && error.code === status.UNAVAILABLE;
      if (!isTransient || attempt === ATTEMPTS) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** attempt);
    }
  }
}
