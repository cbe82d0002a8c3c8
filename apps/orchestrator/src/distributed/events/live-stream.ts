import { BackOff } from '../../broker/publisher/back-off.ts';
import { describeError } from '../../log/describe-error.ts';
import type { Log } from '../../log/log.ts';
import { type EventSource, followAfter, LedgerChangedError } from './event-source.ts';
import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';

/** A stream that has not failed for so long stands. */
const SETTLED_AFTER_MS = 1000;

export interface LiveStreamParts {
  readonly source: EventSource;
  /** What tells the ledger from others, as it was when the feed was opened. */
  readonly identity: string;
  readonly start: LedgerCursor;
  readonly log: Log;
  /** Events in the ledger's order, each once. */
  readonly onEvents: (events: readonly LedgerEvent[]) => void;
  /** It can't go on: the ledger is another one. */
  readonly onChanged: (error: LedgerChangedError) => void;
}

/** The one stream of a channel's new events: opened again where it was, with growing pauses, whenever it is lost. */
export class LiveStream implements AsyncDisposable {
  readonly #parts: LiveStreamParts;
  readonly #closing = new AbortController();
  readonly #backOff = new BackOff();
  readonly #working: Promise<void>;
  #cursor: LedgerCursor;
  #lostSinceMs: number | undefined;
  #failure = '';

  constructor(parts: LiveStreamParts) {
    this.#parts = parts;
    this.#cursor = parts.start;
    this.#working = this.#keepFollowing();
  }

  /** How long it has been lost in milliseconds; 0 while it stands. */
  get outageMs(): number {
    return this.#lostSinceMs === undefined ? 0 : performance.now() - this.#lostSinceMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the feed has ended'));
    await this.#working;
  }

  async #keepFollowing(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof LedgerChangedError) return this.#parts.onChanged(error);
        this.#report(error);
        await this.#backOff.wait(signal);
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { source, identity, onEvents } = this.#parts;
    const found = await source.readIdentity();
    if (found !== identity) {
      throw new LedgerChangedError(`the ledger is another one than before: its first block is ${found}, it was ${identity}`);
    }
    // On a quiet channel nothing else tells that the peer has taken the request.
    const settled = setTimeout(() => this.#succeed(), SETTLED_AFTER_MS);
    try {
      for await (const events of followAfter(source, this.#cursor, signal)) {
        this.#succeed();
        onEvents(events);
        const last = events.at(-1);
        if (last !== undefined) this.#cursor = cursorAfter(last);
      }
    } finally {
      clearTimeout(settled);
    }
    throw new Error('the peer has ended the event stream');
  }

  #succeed(): void {
    if (this.#failure !== '') this.#parts.log.info({}, 'the event stream stands again');
    this.#failure = '';
    this.#lostSinceMs = undefined;
    this.#backOff.reset();
  }

  /** The same words once per outage: it is tried again and again. */
  #report(error: unknown): void {
    this.#lostSinceMs ??= performance.now();
    const reason = describeError(error);
    if (reason === this.#failure) return;
    this.#failure = reason;
    this.#parts.log.warn({ reason }, `the event stream is lost, trying again: ${reason}`);
  }
}
