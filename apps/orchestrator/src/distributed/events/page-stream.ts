import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from '../../broker/publisher/signals.ts';
import { type EventSource, followAfter } from './event-source.ts';
import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';

/** How large a page is at most; one transaction's events are never split. */
export interface PageLimits {
  readonly events: number;
  readonly bytes: number;
}

/** Where a page ends. */
export interface PageEnd extends PageLimits {
  /** Whether what follows a place is known, or being read by another stream: the page ends there, or the two would overlap. */
  readonly isKnown: (cursor: LedgerCursor) => boolean;
}

/** A page with something on it is not held back longer for more. */
const LINGER_MS = 10;

/** A stream of the ledger that is read page by page. */
export class PageStream implements Disposable {
  readonly #closing = new AbortController();
  readonly #iterator: AsyncIterator<readonly LedgerEvent[]>;
  /** What was asked for and has not come. */
  #asked: Promise<IteratorResult<readonly LedgerEvent[]>> | undefined;
  #cursor: LedgerCursor;

  constructor(source: EventSource, cursor: LedgerCursor) {
    this.#cursor = cursor;
    this.#iterator = followAfter(source, cursor, this.#closing.signal)[Symbol.asyncIterator]();
  }

  /** The place behind the last page. */
  get cursor(): LedgerCursor {
    return this.#cursor;
  }

  /** The next events, at least one: waits at the end of the ledger. @throws what ended the stream, or the signal's reason. */
  async read(end: PageEnd, signal: AbortSignal): Promise<readonly LedgerEvent[]> {
    const page: LedgerEvent[] = [];
    let bytes = 0;
    while (page.length < end.events && bytes < end.bytes) {
      const events = await this.#next(signal, page.length > 0);
      if (events === undefined) break;
      for (const event of events) {
        page.push(event);
        bytes += event.bytes.length;
        this.#cursor = cursorAfter(event);
      }
      if (end.isKnown(this.#cursor)) break;
    }
    return page;
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('the stream is not needed any more'));
    this.#iterator.return?.().catch(() => undefined);
  }

  /** Undefined when nothing more comes at once and the page has something already. */
  async #next(signal: AbortSignal, isImpatient: boolean): Promise<readonly LedgerEvent[] | undefined> {
    this.#asked ??= this.#iterator.next();
    const asked = orAborted(this.#asked, signal);
    const late = new AbortController();
    const result = isImpatient ? await Promise.race([asked, sleep(LINGER_MS, undefined, { signal: late.signal }).catch(() => undefined)]) : await asked;
    late.abort();
    if (result === undefined) return undefined;
    this.#asked = undefined;
    if (result.done === true) throw new Error('the peer has ended the event stream');
    return result.value;
  }
}
