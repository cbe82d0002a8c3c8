import type { Log } from '../../log/log.ts';
import { AmqpConnection, type ConnectionState } from './amqp-connection.ts';
import { ChannelPublisher } from './channel-publisher.ts';
import type { CursorStore, EventLog, Lag, PublisherLock } from './ports.ts';

const LAG_INTERVAL_MS = 2000;

/** The channels and their organizations, as the configuration has them now. */
export interface PublishedChannels {
  channels(): readonly string[];
  organizationsOf(channel: string): readonly string[];
  onChange(listener: () => void): void;
}

/** What the publisher tells of its work. None of it throws. */
export interface PublisherObserver {
  /** The broker has confirmed events. */
  published(channel: string, count: number): void;
  /** So many events wait for their confirms. */
  unconfirmed(channel: string, count: number): void;
  /** Whether this server is the one that publishes the channel. */
  publishing(channel: string, isPublishing: boolean): void;
  lag(channel: string, lag: Lag): void;
  /** The channel is not configured any more. */
  removed(channel: string): void;
  reconnected(): void;
}

export interface BrokerPublisherOptions {
  /** Holds a password. */
  readonly dsn: string;
  readonly exchange: string;
  /** How often the log is looked at when nothing tells of new events. */
  readonly pollIntervalMs: number;
  readonly channels: PublishedChannels;
  readonly events: EventLog;
  readonly cursors: CursorStore;
  readonly lock: PublisherLock;
  readonly observer: PublisherObserver;
  readonly log: Log;
}

/** Publishes the events of all configured channels to the broker. Nothing that it does is on a request's path. */
export class BrokerPublisher implements AsyncDisposable {
  readonly #options: BrokerPublisherOptions;
  readonly #connection: AmqpConnection;
  readonly #publishers = new Map<string, ChannelPublisher>();
  /** Publishers of channels that were removed, on their way out. */
  readonly #leaving = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isMeasuring = false;
  #isClosed = false;

  constructor(options: BrokerPublisherOptions) {
    this.#options = options;
    const { dsn, log, observer } = options;
    this.#connection = new AmqpConnection({ dsn, log, reconnected: () => observer.reconnected() });
  }

  /** Starts, and returns at once: the broker may be away. */
  start(): void {
    this.#connection.start();
    this.#followChannels();
    this.#options.channels.onChange(() => this.#followChannels());
    this.#timer = setInterval(() => void this.#measure(), LAG_INTERVAL_MS);
    this.#timer.unref();
  }

  /** New events were stored: in the channel, or in any one when its name is not known. */
  wake(channel: string | undefined): void {
    if (channel !== undefined) return this.#publishers.get(channel)?.wake();
    for (const publisher of this.#publishers.values()) publisher.wake();
  }

  get state(): ConnectionState {
    return this.#connection.state;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const ending = [...this.#publishers.values()].map((publisher) => publisher[Symbol.asyncDispose]());
    await Promise.all([...ending, ...this.#leaving.values()]);
    await this.#connection[Symbol.asyncDispose]();
  }

  #followChannels(): void {
    if (this.#isClosed) return;
    const wanted = new Set(this.#options.channels.channels());
    for (const [channel, publisher] of this.#publishers) {
      if (wanted.has(channel)) publisher.reconfigure();
      else this.#remove(channel, publisher);
    }
    for (const channel of wanted) if (!this.#publishers.has(channel)) this.#add(channel);
  }

  #add(channel: string): void {
    const { exchange, channels, events, cursors, lock, pollIntervalMs, observer, log } = this.#options;
    const publisher = new ChannelPublisher({
      channel,
      exchange,
      organizations: () => channels.organizationsOf(channel),
      connection: this.#connection,
      events,
      cursors,
      lock,
      pollIntervalMs,
      observer: {
        confirmed: (count) => observer.published(channel, count),
        outstanding: (count) => observer.unconfirmed(channel, count),
      },
      log,
    });
    this.#publishers.set(channel, publisher);
  }

  #remove(channel: string, publisher: ChannelPublisher): void {
    this.#publishers.delete(channel);
    const leaving = publisher[Symbol.asyncDispose]().then(() => {
      this.#options.observer.removed(channel);
      if (this.#leaving.get(channel) === leaving) this.#leaving.delete(channel);
    });
    this.#leaving.set(channel, leaving);
  }

  /** Never rejects. While the store is out of reach the last values stay. */
  async #measure(): Promise<void> {
    if (this.#isMeasuring) return;
    this.#isMeasuring = true;
    for (const [channel, { state }] of this.#publishers) this.#options.observer.publishing(channel, state === 'publishing');
    try {
      for (const channel of this.#publishers.keys()) {
        const lag = await this.#options.events.readLag(channel);
        if (this.#publishers.has(channel)) this.#options.observer.lag(channel, lag);
      }
    } catch {
      // Readiness tells of the store.
    }
    this.#isMeasuring = false;
  }
}
