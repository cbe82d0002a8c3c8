import { orAborted } from '../../broker/publisher/signals.ts';
import { UnavailableError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import { type EventSource, LedgerChangedError } from './event-source.ts';
import { FeedReader, type ReaderHome, type ReaderOptions } from './feed-reader.ts';
import { type LedgerCursor, type LedgerEvent, parseEventId } from './ledger-event.ts';
import { LedgerPages, type LedgerPagesSettings } from './ledger-pages.ts';
import { LiveStream } from './live-stream.ts';
import { type Recent, RecentEvents } from './recent-events.ts';
import { Turns } from './turns.ts';

/** A transaction that another peer has committed already may still be on its way to the one that is asked. */
const FIND_ATTEMPTS = 3;

/** Questions about events that a peer is asked at once. */
const MAX_LOOKUPS = 4;

export interface LedgerFeedSettings {
  /** Bytes of recent events kept for readers that keep up. */
  readonly bufferBytes: number;
  /** The live stream begins so many blocks before the newest one: who resumes near the end needs no other stream. */
  readonly lookBackBlocks: bigint;
  /** How long a subscriber waits for a peer that is out of reach. */
  readonly outageTimeoutMs: number;
  /** Pause between two tries to read old events. */
  readonly retryDelayMs: number;
  readonly pages: LedgerPagesSettings;
}

/**
 * The events of one chaincode on one channel, for all readers of this process: one live stream, whose recent events are
 * kept in memory, and few more for those who read old ones.
 */
export class LedgerFeed implements ReaderHome, AsyncDisposable {
  readonly #source: EventSource;
  readonly #settings: LedgerFeedSettings;
  readonly #recent: RecentEvents;
  readonly #pages: LedgerPages;
  readonly #live: LiveStream;
  readonly #lookups: Turns;
  readonly #closing = new AbortController();
  readonly #readers = new Set<FeedReader>();
  readonly #outageCheck: NodeJS.Timeout;
  #end: Error | undefined;
  #lastUsedMs = performance.now();

  private constructor(parts: { readonly source: EventSource; readonly settings: LedgerFeedSettings; readonly identity: string; readonly start: LedgerCursor; readonly log: Log }) {
    const { source, settings, identity, start, log } = parts;
    this.#source = source;
    this.#settings = settings;
    this.#recent = new RecentEvents(start, settings.bufferBytes);
    this.#pages = new LedgerPages(source, settings.pages);
    this.#lookups = new Turns({ count: MAX_LOOKUPS, timeoutMs: settings.pages.turnTimeoutMs });
    this.#live = new LiveStream({
      source,
      identity,
      start,
      log,
      onEvents: (events) => this.#append(events),
      onChanged: (error) => {
        log.error({ reason: error.message }, `the event feed ends: ${error.message}`);
        this.end(error);
      },
    });
    this.#outageCheck = setInterval(() => this.#checkOutage(), Math.max(10, settings.outageTimeoutMs / 10));
    this.#outageCheck.unref();
  }

  /** Starts the live stream. @throws what the ledger said. */
  static async open({ source, settings, log }: { readonly source: EventSource; readonly settings: LedgerFeedSettings; readonly log: Log }): Promise<LedgerFeed> {
    const [identity, height] = await Promise.all([source.readIdentity(), source.readHeight()]);
    const start = height > settings.lookBackBlocks ? height - settings.lookBackBlocks : 0n;
    return new LedgerFeed({ source, settings, identity, start: { block: start }, log });
  }

  get readerCount(): number {
    return this.#readers.size;
  }

  /** How long nobody has read in milliseconds. */
  get idleMs(): number {
    return this.#readers.size > 0 ? 0 : performance.now() - this.#lastUsedMs;
  }

  /** Somebody is about to read. */
  touch(): void {
    this.#lastUsedMs = performance.now();
  }

  /** Why it has ended for good; undefined while it has not. */
  get endedBy(): Error | undefined {
    return this.#end;
  }

  /**
   * The place behind an event; undefined when the ledger has none of that id.
   *
   * @throws UnavailableError when too many others ask; what the ledger said.
   */
  async find(eventId: string, mspid: string): Promise<LedgerCursor | undefined> {
    if (parseEventId(eventId) === undefined) return undefined;
    for (let attempt = 1; attempt <= FIND_ATTEMPTS; attempt += 1) {
      if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, this.#settings.retryDelayMs));
      const found = this.#recent.find(eventId) ?? (await this.#look(eventId, mspid));
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Reads from behind a place on. */
  read(cursor: LedgerCursor, options: ReaderOptions): FeedReader {
    const reader = new FeedReader(this, cursor, options);
    if (this.#end !== undefined) reader.end(this.#end);
    else this.#readers.add(reader);
    return reader;
  }

  /** Ends all readers with the error. */
  end(error: Error): void {
    this.#end ??= error;
    this.#closing.abort(error);
    for (const reader of this.#readers) reader.end(error instanceof LedgerChangedError && !reader.isPatient ? otherLedger(error) : error);
    this.#readers.clear();
  }

  remove(reader: FeedReader): void {
    this.#readers.delete(reader);
    this.#lastUsedMs = performance.now();
  }

  recentAfter(cursor: LedgerCursor): Recent {
    return this.#recent.after(cursor);
  }

  async readAfter(cursor: LedgerCursor, { signal, isPatient }: ReaderOptions & { readonly signal: AbortSignal }): Promise<readonly LedgerEvent[]> {
    const deadlineMs = isPatient ? Infinity : performance.now() + this.#settings.outageTimeoutMs;
    for (;;) {
      try {
        return await this.#pages.readAfter(cursor, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof LedgerChangedError) throw isPatient ? error : otherLedger(error);
        if (error instanceof UnavailableError && !isPatient) throw error;
        if (performance.now() > deadlineMs) throw new UnavailableError('the events cannot be read, try again later', { cause: error });
        await orAborted(new Promise((resolve) => setTimeout(resolve, this.#settings.retryDelayMs)), signal);
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#outageCheck);
    this.end(this.#end ?? new UnavailableError('the server shuts down'));
    this.#pages[Symbol.dispose]();
    await this.#live[Symbol.asyncDispose]();
  }

  /** A client that comes back sends its whole fleet at once: the peer gets few of these questions at a time. */
  async #look(eventId: string, mspid: string): Promise<LedgerCursor | undefined> {
    await this.#lookups.take(this.#closing.signal);
    try {
      return await this.#source.find(eventId, mspid);
    } finally {
      this.#lookups.giveBack();
    }
  }

  #append(events: readonly LedgerEvent[]): void {
    this.#recent.append(events);
    for (const reader of this.#readers) reader.wake();
  }

  #checkOutage(): void {
    if (this.#live.outageMs <= this.#settings.outageTimeoutMs) return;
    for (const reader of this.#readers) {
      if (!reader.isPatient) reader.end(new UnavailableError('the peer has been out of reach for long, try again later'));
    }
  }
}

function otherLedger(error: LedgerChangedError): UnavailableError {
  return new UnavailableError('the ledger of this channel is another one than before, subscribe anew', { cause: error });
}
