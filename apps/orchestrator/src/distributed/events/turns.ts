import { UnavailableError } from '../../errors.ts';

interface Waiting {
  readonly take: () => void;
}

/** So many may go at once; the others wait in line, first come first served, for a while. */
export class Turns {
  readonly #timeoutMs: number;
  readonly #line = new Set<Waiting>();
  #free: number;

  constructor({ count, timeoutMs }: { readonly count: number; readonly timeoutMs: number }) {
    this.#free = count;
    this.#timeoutMs = timeoutMs;
  }

  /** Whether somebody waits. */
  get isWaitedFor(): boolean {
    return this.#line.size > 0;
  }

  /** Takes a turn when one is free. */
  tryTake(): boolean {
    if (this.#free === 0) return false;
    this.#free -= 1;
    return true;
  }

  /** Waits for a turn, which the caller has to give back. @throws UnavailableError when it takes too long; the signal's reason. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.tryTake()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: Waiting = { take: resolve };
    this.#line.add(waiting);
    const leave = (error: unknown): void => {
      this.#line.delete(waiting);
      reject(error);
    };
    const abort = (): void => leave(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    const timer = setTimeout(() => leave(new UnavailableError('too many others read old events, try again later')), this.#timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  /** Gives a turn back: to the first in line, if there is one. */
  giveBack(): void {
    const [first] = this.#line;
    if (first === undefined) {
      this.#free += 1;
      return;
    }
    this.#line.delete(first);
    first.take();
  }
}
