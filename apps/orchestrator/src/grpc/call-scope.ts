import { status } from '@grpc/grpc-js';

/** The client gave up, by cancelling or by its deadline. Nobody reads the answer any more. */
export class CallEndedError extends Error {
  readonly status: status;

  constructor(deadlineMs: number) {
    const overdue = deadlineMs <= Date.now();
    super(overdue ? 'deadline exceeded' : 'cancelled by the client');
    this.name = 'CallEndedError';
    this.status = overdue ? status.DEADLINE_EXCEEDED : status.CANCELLED;
  }
}

/** The life of one call: it ends by itself, or from outside when the client goes or the server stops waiting. */
export class CallScope {
  /** In milliseconds since 1970, or Infinity. */
  readonly deadlineMs: number;
  readonly #controller = new AbortController();
  #rejectWait: ((reason: Error) => void) | undefined;

  constructor(deadline: Date | number) {
    this.deadlineMs = Number(deadline);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Ends the call from outside; only the first time counts. */
  end(reason: Error): void {
    if (this.signal.aborted) return;
    this.#controller.abort(reason);
    this.#rejectWait?.(reason);
  }

  /** Ends the call because its client is gone. */
  cancel(): void {
    this.end(new CallEndedError(this.deadlineMs));
  }

  /**
   * Waits for `work`, or until the call ends from outside. One wait at a time: Promise.race with a promise that lives
   * as long as a stream would keep every batch that it ever sent.
   *
   * @throws the reason given to `end`; what becomes of `work` is then ignored.
   */
  wait<T>(work: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.signal.aborted) reject(toError(this.signal.reason));
      else this.#rejectWait = reject;
      // The connection keeps a call's scope until V8 collects the old generation, and the function the answer.
      const forget = (): void => {
        if (this.#rejectWait === reject) this.#rejectWait = undefined;
      };
      work.finally(forget).then(resolve, reject);
    });
  }
}

function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
