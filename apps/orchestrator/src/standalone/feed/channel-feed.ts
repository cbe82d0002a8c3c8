import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EventSubscription } from '../../mode.ts';
import { UnavailableError } from '../../errors.ts';
import type { StoredEvent } from '../dbal/event-log.ts';
import { RecentEvents } from './recent-events.ts';

/**
 * How many subscribers are woken in one turn of the event loop. Each then asks for its turn to write: all calls of this
 * process would wait for a thousand of them.
 */
const WOKEN_AT_ONCE = 8;

/** Reads a channel's event log. */
export interface EventSource {
  /**
   * Events after a position, in order; empty at the end of the log.
   *
   * @param reader whose subscriber is so far behind that it needs them; the feed itself has none, and waits for no reader.
   */
  readAfter(position: bigint, reader?: string): Promise<readonly StoredEvent[]>;
}

/** How a feed keeps and reads. */
export interface FeedSettings {
  /** Bytes of recent events kept for subscribers that keep up. */
  readonly bufferBytes: number;
  /** How long a subscriber waits for a store that is out of reach. */
  readonly outageTimeoutMs: number;
  /** Pause between two tries to read. */
  readonly retryDelayMs: number;
}

/**
 * The events of one channel for all subscribers of this process.
 *
 * The feed follows the log once; subscribers that keep up are served from memory, a slow one re-reads what has left the
 * memory at its own pace. Everything goes by position, so that a lost or early wake-up does no harm.
 */
export class ChannelFeed {
  readonly #source: EventSource;
  readonly #settings: FeedSettings;
  readonly #recent: RecentEvents;
  readonly #subscriptions = new Set<Subscription>();
  /** Pages that are being read, by the position that they follow: subscribers at the same place share them. */
  readonly #reading = new Map<bigint, Promise<readonly StoredEvent[]>>();
  #hasNews = false;
  #isAnnouncing = false;
  #isFollowing = false;
  #isBehind = false;
  #end: UnavailableError | undefined;

  /** @param head position of the last event when the feed starts. */
  constructor(source: EventSource, settings: FeedSettings, head: bigint) {
    this.#source = source;
    this.#settings = settings;
    this.#recent = new RecentEvents(head, settings.bufferBytes);
  }

  get subscriberCount(): number {
    return this.#subscriptions.size;
  }

  /** How many events of the log the slowest subscriber has not taken yet, as far as this process knows the log. */
  get largestLag(): number {
    let largest = 0;
    for (const { position } of this.#subscriptions) largest = Math.max(largest, Number(this.#recent.head - position));
    return largest;
  }

  /** Takes events that this process has just committed, in log order. */
  push(events: readonly StoredEvent[]): void {
    const [first] = events;
    if (first === undefined || (events.at(-1)?.position ?? 0n) <= this.#recent.head) return;
    // Events of another replica stand between: the log has them all.
    if (first.position !== this.#recent.head + 1n) return this.wake();
    this.#recent.append(events);
    this.#announce();
  }

  /** Looks for events that other processes have committed. */
  wake(): void {
    this.#isBehind = true;
    if (!this.#isFollowing) void this.#follow();
  }

  /** Follows the log after a position. @param reader whose subscriber it is: those who are behind read in turns. */
  subscribe(position: bigint, reader = ''): EventSubscription {
    const subscription = new Subscription(this, position, reader);
    if (this.#end !== undefined) subscription.end(this.#end);
    else this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Ends all subscriptions with the error. */
  end(error: UnavailableError): void {
    this.#end = error;
    for (const subscription of this.#subscriptions) subscription.end(error);
    this.#subscriptions.clear();
  }

  /** For subscriptions: they are gone. */
  remove(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  /** For subscriptions: what follows a position, from memory; undefined when the memory does not reach back so far. */
  recentAfter(position: bigint): readonly StoredEvent[] | undefined {
    return this.#recent.after(position);
  }

  /** For subscriptions: what follows a position, from the log. @throws UnavailableError */
  async readAfter(position: bigint, reader: string): Promise<readonly StoredEvent[]> {
    const underWay = this.#reading.get(position);
    if (underWay !== undefined) return underWay;
    const reading = this.#readWithRetries(() => this.#source.readAfter(position, reader)).finally(() =>
      this.#reading.delete(position),
    );
    this.#reading.set(position, reading);
    return reading;
  }

  /** Never rejects. */
  async #follow(): Promise<void> {
    this.#isFollowing = true;
    try {
      while (this.#isBehind && this.#end === undefined) {
        this.#isBehind = false;
        await this.#catchUp();
      }
    } catch {
      // The next wake-up, at the latest that of the poll, tries again; subscribers wait meanwhile.
    } finally {
      this.#isFollowing = false;
    }
  }

  async #catchUp(): Promise<void> {
    for (;;) {
      const events = await this.#source.readAfter(this.#recent.head);
      // The process's own commits may have been pushed while the page was read.
      const fresh = events.filter((event) => event.position > this.#recent.head);
      if (fresh.length === 0) return;
      this.#recent.append(fresh);
      this.#announce();
    }
  }

  async #readWithRetries<T>(read: () => Promise<T>): Promise<T> {
    let deadlineMs: number | undefined;
    for (;;) {
      if (this.#end !== undefined) throw this.#end;
      try {
        return await read();
      } catch (error) {
        // From the first failure on: who waits for many others does not wait for the store.
        deadlineMs ??= performance.now() + this.#settings.outageTimeoutMs;
        if (performance.now() > deadlineMs) {
          throw new UnavailableError('the events cannot be read, try again later', { cause: error });
        }
        await new Promise((resolve) => setTimeout(resolve, this.#settings.retryDelayMs));
      }
    }
  }

  #announce(): void {
    this.#hasNews = true;
    if (!this.#isAnnouncing) void this.#wakeSubscribers();
  }

  /** Never rejects. News that come meanwhile are told in a walk of their own. */
  async #wakeSubscribers(): Promise<void> {
    this.#isAnnouncing = true;
    while (this.#hasNews) {
      this.#hasNews = false;
      let woken = 0;
      for (const subscription of this.#subscriptions) {
        subscription.wake();
        woken += 1;
        if (woken % WOKEN_AT_ONCE === 0) await nextTurn();
      }
    }
    this.#isAnnouncing = false;
  }
}

/** One subscriber's place in the log. */
class Subscription implements EventSubscription {
  readonly #feed: ChannelFeed;
  readonly #reader: string;
  #position: bigint;
  #wake: (() => void) | undefined;
  #end: UnavailableError | undefined;

  constructor(feed: ChannelFeed, position: bigint, reader: string) {
    this.#feed = feed;
    this.#position = position;
    this.#reader = reader;
  }

  /** That of the last event that was taken. */
  get position(): bigint {
    return this.#position;
  }

  async next(): Promise<readonly Uint8Array[]> {
    for (;;) {
      if (this.#end !== undefined) throw this.#end;
      const events = this.#feed.recentAfter(this.#position) ?? (await this.#feed.readAfter(this.#position, this.#reader));
      const last = events.at(-1);
      if (last !== undefined) {
        this.#position = last.position;
        return events.map((event) => event.bytes);
      }
      if (this.#end === undefined) await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  wake(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  end(error: UnavailableError): void {
    this.#end = error;
    this.wake();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#feed.remove(this);
    this.end(new UnavailableError('the subscription has ended'));
    return Promise.resolve();
  }
}

export type { Subscription };
