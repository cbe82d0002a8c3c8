import { setTimeout as sleep } from 'node:timers/promises';
import { orAborted } from '../../broker/publisher/signals.ts';
import { type EventSource, followAfter } from './event-source.ts';
import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';

/** How large a page gets; a transaction that has begun goes on beyond it. */
export interface PageLimits {
  readonly events: number;
  readonly bytes: number;
  /** A page with something on it is held back so long for more. */
  readonly lingerMs: number;
}

/** Where a page ends. */
export interface PageEnd extends PageLimits {
  /** Whether what follows a place is known, or being read by another stream: the page ends there, or the two would overlap. */
  readonly isKnown: (cursor: LedgerCursor) => boolean;
}

/** A stream of the ledger that is read page by page. */
export class PageStream implements Disposable {
  readonly #closing = new AbortController();
  readonly #iterator: AsyncIterator<readonly LedgerEvent[]>;
  /** What was asked for and has not come. */
  #asked: Promise<IteratorResult<readonly LedgerEvent[]>> | undefined;
  #cursor: LedgerCursor;
  /** The rest of a transaction, when a page ended inside of it. */
  #left: readonly LedgerEvent[] | undefined;

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
    let isKnown = false;
    while (page.length < end.events && bytes < end.bytes && !isKnown) {
      const events = this.#left ?? (await this.#next(signal, page.length > 0 ? end.lingerMs : undefined));
      this.#left = undefined;
      if (events === undefined) break;
      for (const [index, event] of events.entries()) {
        page.push(event);
        bytes += event.bytes.length;
        this.#cursor = cursorAfter(event);
        isKnown = end.isKnown(this.#cursor);
        if (!isKnown) continue;
        if (index + 1 < events.length) this.#left = events.slice(index + 1);
        break;
      }
    }
    return page;
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('the stream is not needed any more'));
    this.#iterator.return?.().catch(() => undefined);
  }

  /** Undefined when nothing comes in time. @param timeoutMs without it there is no hurry. */
  async #next(signal: AbortSignal, timeoutMs: number | undefined): Promise<readonly LedgerEvent[] | undefined> {
    this.#asked ??= this.#iterator.next();
    const asked = orAborted(this.#asked, signal);
    const late = new AbortController();
    const result = timeoutMs === undefined ? await asked : await Promise.race([asked, sleep(timeoutMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    late.abort();
    if (result === undefined) return undefined;
    this.#asked = undefined;
    if (result.done === true) throw new Error('the peer has ended the event stream');
    return result.value;
  }
}
