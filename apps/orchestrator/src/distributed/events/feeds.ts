import { ErrorCode, OrchestrationError } from '@orchestrator/lib';
import { UnavailableError } from '../../errors.ts';
import type { Log } from '../../log/log.ts';
import type { EventSubscription } from '../../mode.ts';
import { toClientError } from '../calls/gateway-error.ts';
import type { EventSource } from './event-source.ts';
import type { FeedReader } from './feed-reader.ts';
import { LEDGER_START, type LedgerCursor } from './ledger-event.ts';
import { LedgerFeed, type LedgerFeedSettings } from './ledger-feed.ts';

/** Which events to follow. */
export interface FollowedChaincode {
  readonly channel: string;
  readonly chaincode: string;
}

/** Who follows them. */
export interface Follow extends FollowedChaincode {
  /** The organization whose peer knows of `startEventId`. */
  readonly mspid: string;
}

export interface LedgerFeedsSettings extends LedgerFeedSettings {
  /** Per channel. */
  readonly maxSubscribers: number;
  /** A feed that nobody has read for so long is closed. */
  readonly idleTimeoutMs: number;
}

export interface LedgerFeedsParts {
  readonly settings: LedgerFeedsSettings;
  readonly openSource: (followed: FollowedChaincode) => EventSource;
  readonly log: Log;
}

/** The feeds of this process: one per channel and chaincode that somebody reads. */
export class LedgerFeeds implements AsyncDisposable {
  readonly #parts: LedgerFeedsParts;
  readonly #feeds = new Map<string, Promise<LedgerFeed>>();
  readonly #open = new Map<string, LedgerFeed>();
  readonly #subscribers = new Map<string, number>();
  readonly #sweep: NodeJS.Timeout;
  #end: UnavailableError | undefined;

  constructor(parts: LedgerFeedsParts) {
    this.#parts = parts;
    this.#sweep = setInterval(() => this.#closeIdle(), Math.max(10, parts.settings.idleTimeoutMs / 4));
    this.#sweep.unref();
  }

  /** Subscribers of a channel. */
  subscriberCount(channel: string): number {
    return this.#subscribers.get(channel) ?? 0;
  }

  /**
   * Follows the events after `startEventId`, from the channel's first one when it is empty.
   *
   * @throws OrchestrationError OE0002 for an unknown event; UnavailableError when no peer answers, or there are too many
   *   subscribers.
   */
  async subscribe(follow: Follow, startEventId: string): Promise<EventSubscription> {
    this.#admit(follow.channel);
    try {
      const feed = await this.#feed(follow);
      const cursor = startEventId === '' ? LEDGER_START : await feed.find(startEventId, follow.mspid);
      if (cursor === undefined) throw new OrchestrationError(ErrorCode.NotFound, `event with id "${startEventId}" not found`);
      return this.#toSubscription(follow.channel, feed.read(cursor, { isPatient: false }));
    } catch (error) {
      this.#leave(follow.channel);
      throw toSubscriberError(error);
    }
  }

  /** A reader for the server itself, which waits for peers as long as it takes. @throws when no peer answers. */
  async read(followed: FollowedChaincode, cursor: LedgerCursor): Promise<FeedReader> {
    return (await this.#feed(followed)).read(cursor, { isPatient: true });
  }

  /** A source of the same events, for questions about the ledger. */
  openSource(followed: FollowedChaincode): EventSource {
    return this.#parts.openSource(followed);
  }

  /** Ends all subscriptions and refuses new ones. */
  drain(): void {
    this.#end ??= new UnavailableError('the server shuts down');
    for (const feed of this.#open.values()) feed.end(this.#end);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweep);
    this.drain();
    await Promise.all([...this.#feeds.values()].map(async (opening) => (await opening.catch(() => undefined))?.[Symbol.asyncDispose]()));
  }

  /** Counts a subscriber from the start: many may come at once. */
  #admit(channel: string): void {
    if (this.#end !== undefined) throw this.#end;
    const count = this.subscriberCount(channel);
    if (count >= this.#parts.settings.maxSubscribers) throw new UnavailableError('too many subscribers follow this channel, try again later');
    this.#subscribers.set(channel, count + 1);
  }

  #leave(channel: string): void {
    this.#subscribers.set(channel, this.subscriberCount(channel) - 1);
  }

  #toSubscription(channel: string, reader: FeedReader): EventSubscription {
    let isOpen = true;
    return {
      next: async () => (await reader.next()).map(({ bytes }) => bytes),
      [Symbol.asyncDispose]: () => {
        if (isOpen) this.#leave(channel);
        isOpen = false;
        reader[Symbol.dispose]();
        return Promise.resolve();
      },
    };
  }

  #feed(followed: FollowedChaincode): Promise<LedgerFeed> {
    const key = `${followed.channel}\0${followed.chaincode}`;
    if (this.#end !== undefined) return Promise.reject(this.#end);
    const known = this.#feeds.get(key);
    const open = this.#open.get(key);
    open?.touch();
    if (known !== undefined && open?.endedBy === undefined) return known;
    const opening = this.#openFeed(key, followed);
    this.#feeds.set(key, opening);
    opening.catch(() => this.#feeds.get(key) === opening && this.#feeds.delete(key));
    return opening;
  }

  async #openFeed(key: string, followed: FollowedChaincode): Promise<LedgerFeed> {
    const ended = this.#open.get(key);
    this.#open.delete(key);
    await ended?.[Symbol.asyncDispose]();
    const { settings, openSource, log } = this.#parts;
    const feed = await LedgerFeed.open({ source: openSource(followed), settings, log: log.child({ ...followed }) });
    if (this.#end !== undefined) feed.end(this.#end);
    this.#open.set(key, feed);
    return feed;
  }

  #closeIdle(): void {
    for (const [key, feed] of this.#open) {
      if (feed.idleMs < this.#parts.settings.idleTimeoutMs) continue;
      this.#open.delete(key);
      this.#feeds.delete(key);
      void feed[Symbol.asyncDispose]();
    }
  }
}

function toSubscriberError(error: unknown): Error {
  const known = toClientError(error);
  if (known instanceof OrchestrationError || known instanceof UnavailableError) return known;
  return new UnavailableError('the ledger cannot be reached, try again later', { cause: error });
}
