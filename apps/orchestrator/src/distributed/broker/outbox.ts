import { Event, floorInstant } from '@orchestrator/lib';
import type { EventLog, Lag, LoggedEvent } from '../../broker/publisher/ports.ts';
import { LedgerChangedError } from '../events/event-source.ts';
import type { FeedReader } from '../events/feed-reader.ts';
import type { LedgerCursor, LedgerEvent } from '../events/ledger-event.ts';

/** What is read ahead of the broker's confirms at most: more than a publisher has on its way. */
const MAX_EVENTS = 4000;
const MAX_BYTES = 16_777_216;

/** Turning a page into JSON keeps the process from its requests for some milliseconds: hence small ones. */
const PAGE_EVENTS = 200;
const PAGE_BYTES = 524_288;

const RETRY_DELAY_MS = 500;
const MILLIS_PER_SECOND = 1000;
const MICROS_PER_SECOND = 1_000_000;

/** Opens a reader of a channel's events behind a place. */
export type OpenReader = (channel: string, cursor: LedgerCursor) => Promise<FeedReader>;

/** A place in a channel's events, and its number. */
export interface OutboxStart {
  readonly position: bigint;
  readonly cursor: LedgerCursor;
}

/**
 * The ledger's events as the publisher wants them: numbered, from a checkpoint on. Of each channel those are kept that
 * the broker has not confirmed, as many as fit; the ledger has the others.
 */
export class Outbox implements EventLog, Disposable {
  readonly #openReader: OpenReader;
  readonly #listeners: ((channel: string) => void)[] = [];
  readonly #tails = new Map<string, Tail>();

  constructor(openReader: OpenReader) {
    this.#openReader = openReader;
  }

  /** Tells of new events. */
  onEvents(listener: (channel: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Reads a channel anew, from a checkpoint on. */
  begin(channel: string, start: OutboxStart): void {
    this.#tails.get(channel)?.[Symbol.dispose]();
    const announce = (): void => {
      for (const listener of this.#listeners) listener(channel);
    };
    this.#tails.set(channel, new Tail({ start, open: (cursor) => this.#openReader(channel, cursor), announce }));
  }

  /** Whether the channel has begun. */
  has(channel: string): boolean {
    return this.#tails.has(channel);
  }

  /** The event with a number; undefined when it is confirmed already, or has not been read. */
  eventAt(channel: string, position: bigint): LedgerEvent | undefined {
    return this.#tails.get(channel)?.eventAt(position);
  }

  /** Forgets the events up to a number. */
  confirm(channel: string, position: bigint): void {
    this.#tails.get(channel)?.confirm(position);
  }

  /** @throws LedgerChangedError */
  async readAfter(channel: string, position: bigint): Promise<readonly LoggedEvent[]> {
    return Promise.resolve(this.#tails.get(channel)).then((tail) => tail?.after(position) ?? []);
  }

  /** Events beyond those that are kept are not counted. */
  readLag(channel: string): Promise<Lag> {
    return Promise.resolve(this.#tails.get(channel)?.lag() ?? { events: 0, seconds: 0 });
  }

  [Symbol.dispose](): void {
    for (const tail of this.#tails.values()) tail[Symbol.dispose]();
    this.#tails.clear();
  }
}

interface TailParts {
  readonly start: OutboxStart;
  readonly open: (cursor: LedgerCursor) => Promise<FeedReader>;
  readonly announce: () => void;
}

/** The events of one channel that are not confirmed. */
class Tail implements Disposable {
  readonly #parts: TailParts;
  #events: LedgerEvent[] = [];
  #bytes = 0;
  /** The number of the last event that is confirmed: `#events` begins behind it. */
  #confirmed: bigint;
  #cursor: LedgerCursor;
  #reader: FeedReader | undefined;
  #isClosed = false;
  #failure: LedgerChangedError | undefined;
  #room: (() => void) | undefined;

  constructor(parts: TailParts) {
    this.#parts = parts;
    this.#confirmed = parts.start.position;
    this.#cursor = parts.start.cursor;
    void this.#fill();
  }

  eventAt(position: bigint): LedgerEvent | undefined {
    return this.#events[Number(position - this.#confirmed) - 1];
  }

  confirm(position: bigint): void {
    const count = Math.min(this.#events.length, Number(position - this.#confirmed));
    if (count <= 0) return;
    for (const { bytes } of this.#events.slice(0, count)) this.#bytes -= bytes.length;
    this.#events = this.#events.slice(count);
    this.#confirmed += BigInt(count);
    this.#room?.();
  }

  after(position: bigint): readonly LoggedEvent[] {
    if (this.#failure !== undefined) throw this.#failure;
    const start = Number(position - this.#confirmed);
    if (start < 0) throw new Error('events that are confirmed are not read again');
    const page: LoggedEvent[] = [];
    let bytes = 0;
    for (const event of this.#events.slice(start, start + PAGE_EVENTS)) {
      if (page.length > 0 && bytes + event.bytes.length > PAGE_BYTES) break;
      bytes += event.bytes.length;
      page.push({ position: position + BigInt(page.length) + 1n, bytes: event.bytes });
    }
    return page;
  }

  lag(): Lag {
    const [oldest] = this.#events;
    return { events: this.#events.length, seconds: oldest === undefined ? 0 : ageSeconds(oldest.bytes) };
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#reader?.[Symbol.dispose]();
    this.#room?.();
  }

  /** Never rejects. */
  async #fill(): Promise<void> {
    while (!this.#isClosed && this.#failure === undefined) {
      try {
        this.#reader = await this.#parts.open(this.#cursor);
        await this.#read(this.#reader);
      } catch (error) {
        // The publisher tells of it, and begins anew.
        if (error instanceof LedgerChangedError) this.#failure = error;
        // The peer is away.
        else await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY_MS).unref());
      } finally {
        this.#reader?.[Symbol.dispose]();
      }
    }
  }

  async #read(reader: FeedReader): Promise<void> {
    while (!this.#isClosed) {
      while (!this.#isClosed && (this.#events.length >= MAX_EVENTS || this.#bytes >= MAX_BYTES)) {
        await new Promise<void>((resolve) => (this.#room = resolve));
      }
      const events = await reader.next();
      const last = events.at(-1);
      if (this.#isClosed || last === undefined) return;
      this.#events.push(...events);
      for (const { bytes } of events) this.#bytes += bytes.length;
      this.#cursor = { block: last.block, after: last.id };
      this.#parts.announce();
    }
  }
}

/** By this server's clock and the one of who made the event. */
function ageSeconds(bytes: Uint8Array): number {
  const { timestamp } = Event.decode(bytes);
  if (timestamp === undefined) return 0;
  return Math.max(0, Date.now() / MILLIS_PER_SECOND - Number(floorInstant(timestamp)) / MICROS_PER_SECOND);
}
