import { orAborted } from '../../broker/publisher/signals.ts';
import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';
import type { Recent } from './recent-events.ts';

/** How a reader is dealt with. */
export interface ReaderOptions {
  /** Goes on when the peer has been away for long: for readers that have nobody else to go to. */
  readonly isPatient: boolean;
}

/** What a reader asks of its feed. */
export interface ReaderHome {
  /** What the memory knows of a place. */
  recentAfter(cursor: LedgerCursor): Recent;
  /** What follows a place, from the ledger, at least one event. @throws the signal's reason; what keeps it from being read. */
  readAfter(cursor: LedgerCursor, options: ReaderOptions & { readonly signal: AbortSignal }): Promise<readonly LedgerEvent[]>;
  /** The reader is gone. */
  remove(reader: FeedReader): void;
}

/** One reader's place in a feed. */
export class FeedReader implements Disposable {
  readonly #feed: ReaderHome;
  readonly #ended = new AbortController();
  readonly isPatient: boolean;
  #cursor: LedgerCursor;
  #wake: (() => void) | undefined;

  constructor(feed: ReaderHome, cursor: LedgerCursor, { isPatient }: ReaderOptions) {
    this.#feed = feed;
    this.#cursor = cursor;
    this.isPatient = isPatient;
  }

  /** The next events, at least one; waits until there are some. @throws what the reader was ended with. */
  async next(): Promise<readonly LedgerEvent[]> {
    const { signal } = this.#ended;
    for (;;) {
      signal.throwIfAborted();
      const recent = this.#feed.recentAfter(this.#cursor);
      const events = recent === 'elsewhere' ? await this.#feed.readAfter(this.#cursor, { signal, isPatient: this.isPatient }) : recent;
      const last = events.at(-1);
      if (last !== undefined) {
        this.#cursor = cursorAfter(last);
        return events;
      }
      await orAborted(new Promise<void>((resolve) => (this.#wake = resolve)), signal);
    }
  }

  /** The feed has new events. */
  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  /** Makes `next` fail from now on. */
  end(error: Error): void {
    this.#ended.abort(error);
  }

  [Symbol.dispose](): void {
    this.#feed.remove(this);
    this.end(new Error('the reader has ended'));
  }
}
