import { orAborted } from '../../broker/publisher/signals.ts';
import type { EventSource } from './event-source.ts';
import { cursorKey, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';
import { PageCache } from './page-cache.ts';
import { type PageLimits, PageStream } from './page-stream.ts';
import { Turns } from './turns.ts';

export interface LedgerPagesSettings {
  /** Most streams at once: each counts against the calls that a peer serves at once. */
  readonly streams: number;
  /** How long a reader waits for a stream. */
  readonly turnTimeoutMs: number;
  /** How long a stream that nobody reads is kept for its reader to come back. */
  readonly parkMs: number;
  readonly page: PageLimits;
  readonly cacheBytes: number;
}

/** A page that is being read, for all who asked for it. */
interface Reading {
  readonly page: Promise<readonly LedgerEvent[]>;
  readonly abandoned: AbortController;
  readers: number;
}

interface Parked {
  readonly stream: PageStream;
  readonly timer: NodeJS.Timeout;
}

/**
 * Reads old events of a channel page by page, over a few streams that take turns. Readers at the same place share a page,
 * and pages that were read last are kept for those who come after.
 */
export class LedgerPages implements Disposable {
  readonly #source: EventSource;
  readonly #settings: LedgerPagesSettings;
  readonly #turns: Turns;
  readonly #cache: PageCache;
  readonly #reading = new Map<string, Reading>();
  /** Streams that stand at a place, by it; each keeps its turn until somebody waits for it. */
  readonly #parked = new Map<string, Parked>();
  readonly #closing = new AbortController();

  constructor(source: EventSource, settings: LedgerPagesSettings) {
    this.#source = source;
    this.#settings = settings;
    this.#turns = new Turns({ count: settings.streams, timeoutMs: settings.turnTimeoutMs });
    this.#cache = new PageCache(settings.cacheBytes);
  }

  /**
   * The events behind a place, at least one: at the end of the ledger it waits for the next one.
   *
   * @throws UnavailableError when no stream got free in time; the signal's reason; what the ledger said.
   */
  async readAfter(cursor: LedgerCursor, signal: AbortSignal): Promise<readonly LedgerEvent[]> {
    const known = this.#cache.after(cursor);
    if (known !== undefined) return known;
    const key = cursorKey(cursor);
    const reading = this.#reading.get(key) ?? this.#start(key, cursor);
    reading.readers += 1;
    try {
      return await orAborted(reading.page, signal);
    } finally {
      reading.readers -= 1;
      // Nobody wants it any more: the stream is for others.
      if (reading.readers === 0) reading.abandoned.abort(new Error('nobody waits for the page any more'));
    }
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('the feed has ended'));
    for (const key of this.#parked.keys()) this.#unpark(key)?.[Symbol.dispose]();
  }

  #start(key: string, cursor: LedgerCursor): Reading {
    const abandoned = new AbortController();
    const page = this.#read(cursor, AbortSignal.any([abandoned.signal, this.#closing.signal])).finally(() => {
      if (this.#reading.get(key)?.page === page) this.#reading.delete(key);
    });
    const reading: Reading = { page, abandoned, readers: 0 };
    // A page that nobody waits for is none to join.
    abandoned.signal.addEventListener('abort', () => this.#reading.get(key) === reading && this.#reading.delete(key), { once: true });
    this.#reading.set(key, reading);
    return reading;
  }

  async #read(cursor: LedgerCursor, signal: AbortSignal): Promise<readonly LedgerEvent[]> {
    let stream = this.#unpark(cursorKey(cursor));
    if (stream === undefined) {
      await this.#takeTurn(signal);
      // Somebody nearby may have read it meanwhile.
      const known = this.#cache.after(cursor);
      if (known !== undefined) {
        this.#turns.giveBack();
        return known;
      }
      stream = new PageStream(this.#source, cursor);
    }
    try {
      const isKnown = (place: LedgerCursor): boolean => this.#cache.has(place) || this.#reading.has(cursorKey(place));
      const page = await stream.read({ ...this.#settings.page, isKnown }, signal);
      this.#cache.add(cursor, page);
      this.#park(stream);
      return page;
    } catch (error) {
      this.#end(stream);
      throw error;
    }
  }

  async #takeTurn(signal: AbortSignal): Promise<void> {
    if (this.#turns.tryTake()) return;
    const [oldest] = this.#parked.keys();
    const stream = oldest === undefined ? undefined : this.#unpark(oldest);
    if (stream === undefined) return this.#turns.take(signal);
    // Its turn goes over to the reader.
    stream[Symbol.dispose]();
  }

  #park(stream: PageStream): void {
    const key = cursorKey(stream.cursor);
    if (this.#turns.isWaitedFor || this.#closing.signal.aborted || this.#parked.has(key)) return this.#end(stream);
    const timer = setTimeout(() => {
      this.#parked.delete(key);
      this.#end(stream);
    }, this.#settings.parkMs);
    timer.unref();
    this.#parked.set(key, { stream, timer });
  }

  #unpark(key: string): PageStream | undefined {
    const parked = this.#parked.get(key);
    if (parked === undefined) return undefined;
    this.#parked.delete(key);
    clearTimeout(parked.timer);
    return parked.stream;
  }

  #end(stream: PageStream): void {
    stream[Symbol.dispose]();
    this.#turns.giveBack();
  }
}
