import { setMaxListeners } from 'node:events';
import { notFoundEvent } from './event-not-found.ts';
import type { Pool } from 'pg';
import { UnavailableError } from '../../errors.ts';
import { Places } from '../../lines/places.ts';
import type { Log } from '../../log/log.ts';
import type { EventSubscription } from '../../mode.ts';
import { findPosition, readEvents, readHead, type StoredEvent } from '../dbal/event-log.ts';
import { PoolExecutor } from '../sql/client-executor.ts';
import { toClientError } from '../sql/database-error.ts';
import { ChannelFeed, type EventSource, type FeedSettings } from './channel-feed.ts';

/** Settings of all feeds. */
export interface FeedsSettings extends FeedSettings {
  /** Most events of a page read from the log. */
  readonly batchSize: number;
  /** Most bytes of such a page. */
  readonly batchBytes: number;
  readonly pollIntervalMs: number;
  /** Per channel. */
  readonly maxSubscribers: number;
}

/** A channel by number and name. */
export interface FeedChannel {
  readonly id: number;
  readonly name: string;
}

/** Who follows, and after which event: from the first one when it is empty. */
export interface Follower {
  readonly mspid: string;
  readonly startEventId: string;
}

/** The feeds of this process: one per channel that has subscribers. */
export class Feeds implements AsyncDisposable {
  readonly #sql: PoolExecutor;
  readonly #settings: FeedsSettings;
  readonly #log: Log;
  readonly #feeds = new Map<number, Promise<ChannelFeed>>();
  readonly #started = new Map<number, ChannelFeed>();
  /** Of the channels that had a feed. */
  readonly #names = new Map<number, string>();
  readonly #poll: NodeJS.Timeout;
  /**
   * One page of old events at a time: hundreds of slow subscribers must not stand before the short statements of those
   * who come anew, of the feeds themselves and of the health check, which share the connection.
   */
  readonly #pages = new Places({ count: 1, lineLimit: Infinity, where: 'for old events' });
  readonly #ending = new AbortController();
  #end: UnavailableError | undefined;

  /** @param pool the feeds' own connection: whatever the number of subscribers, reading takes no more. */
  constructor(pool: Pool, settings: FeedsSettings, log: Log) {
    this.#sql = new PoolExecutor(pool);
    this.#settings = settings;
    this.#log = log;
    this.#poll = setInterval(() => this.wakeAll(), settings.pollIntervalMs);
    this.#poll.unref();
    // Each subscriber that waits for a page listens.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Subscribers of a channel. */
  subscriberCount(channelId: number): number {
    return this.#started.get(channelId)?.subscriberCount ?? 0;
  }

  /** How far the slowest subscriber of each channel is behind, in events, by the channel's name. */
  lags(): ReadonlyMap<string, number> {
    return new Map([...this.#started].map(([channelId, feed]) => [this.#names.get(channelId) ?? '', feed.largestLag]));
  }

  /** @throws OrchestrationError OE0002 for an unknown event, UnavailableError */
  async subscribe(channel: FeedChannel, { mspid, startEventId }: Follower): Promise<EventSubscription> {
    if (this.#end !== undefined) throw this.#end;
    if (this.subscriberCount(channel.id) >= this.#settings.maxSubscribers) {
      throw new UnavailableError('too many subscribers follow this channel, try again later');
    }
    try {
      const position = await this.#startPosition(channel.id, startEventId);
      return (await this.#feed(channel)).subscribe(position, JSON.stringify([channel.id, mspid]));
    } catch (error) {
      throw toClientError(error);
    }
  }

  /** Takes events that this process has just committed, in log order. */
  push(channelId: number, events: readonly StoredEvent[]): void {
    this.#started.get(channelId)?.push(events);
  }

  /** Another process has committed events of the channel. */
  wake(channelId: number): void {
    this.#started.get(channelId)?.wake();
  }

  /** Any channel may have events; feeds that nobody follows any more are dropped. */
  wakeAll(): void {
    for (const [channelId, feed] of this.#started) {
      if (feed.subscriberCount > 0) {
        feed.wake();
      } else {
        this.#started.delete(channelId);
        this.#feeds.delete(channelId);
      }
    }
  }

  /** Ends all subscriptions, for good. */
  end(error: UnavailableError): void {
    this.#end = error;
    this.#ending.abort();
    for (const feed of this.#started.values()) feed.end(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#poll);
    this.end(this.#end ?? new UnavailableError('the server shuts down'));
    return Promise.resolve();
  }

  async #startPosition(channelId: number, startEventId: string): Promise<bigint> {
    if (startEventId === '') return 0n;
    const position = await findPosition(this.#sql, channelId, startEventId);
    if (position === undefined) throw notFoundEvent(startEventId);
    return position;
  }

  #turnOf(reader: string): Promise<Disposable> {
    return this.#pages.enter({ owner: reader, signal: this.#ending.signal, deadlineMs: Infinity });
  }

  #feed(channel: FeedChannel): Promise<ChannelFeed> {
    const known = this.#feeds.get(channel.id);
    if (known !== undefined) return known;
    this.#names.set(channel.id, channel.name);
    const starting = this.#startFeed(channel);
    this.#feeds.set(channel.id, starting);
    starting.catch(() => this.#feeds.delete(channel.id));
    return starting;
  }

  async #startFeed(channel: FeedChannel): Promise<ChannelFeed> {
    const source: EventSource = {
      readAfter: async (after, reader) => {
        using _turn = reader === undefined ? undefined : await this.#turnOf(reader);
        return await readEvents(this.#sql, {
          channelId: channel.id,
          after,
          limit: this.#settings.batchSize,
          maxBytes: this.#settings.batchBytes,
        });
      },
    };
    const feed = new ChannelFeed(source, this.#settings, await readHead(this.#sql, channel.id));
    this.#started.set(channel.id, feed);
    if (this.#end !== undefined) feed.end(this.#end);
    // What was committed between reading the head and now went unnoticed.
    feed.wake();
    this.#log.debug({ channel: channel.name }, 'event feed started');
    return feed;
  }
}
