import type { Log } from '../../log/log.ts';
import type { AmqpConnection, Link } from './amqp-connection.ts';
import { BackOff } from './back-off.ts';
import { explainFailure } from './explain.ts';
import type { CursorStore, EventLog, PublisherLock, Tenure } from './ports.ts';
import { NackError, PublishSession, type SessionObserver } from './publish-session.ts';
import { Bell, orAborted } from './signals.ts';
import { checkTopology } from './topology-check.ts';

/** How often a server that waits for its turn asks for it: bounds the takeover. */
const LOCK_INTERVAL_MS = 500;

/** What a channel's publisher is doing. */
export type PublisherState = 'waiting' | 'standby' | 'publishing' | 'failing';

export interface ChannelPublisherParts {
  readonly channel: string;
  readonly exchange: string;
  /** The channel's organizations now. */
  readonly organizations: () => readonly string[];
  readonly connection: AmqpConnection;
  readonly events: EventLog;
  readonly cursors: CursorStore;
  readonly lock: PublisherLock;
  readonly pollIntervalMs: number;
  readonly observer: SessionObserver;
  readonly log: Log;
}

/** Publishes one channel whenever it is this server's turn, until it is disposed of. */
export class ChannelPublisher implements AsyncDisposable {
  readonly #parts: ChannelPublisherParts;
  readonly #backOff = new BackOff();
  readonly #closing = new AbortController();
  readonly #news = new Bell();
  readonly #working: Promise<void>;
  #state: PublisherState = 'waiting';
  #failure = '';
  #isTopologyChecked = false;
  #carefulUntil = 0n;

  constructor(parts: ChannelPublisherParts) {
    this.#parts = parts;
    this.#working = this.#keepPublishing();
  }

  get state(): PublisherState {
    return this.#state;
  }

  /** The channel may have new events. */
  wake(): void {
    this.#news.ring();
  }

  /** The channel's organizations may have changed: the broker must have their queues before the next event goes. */
  reconfigure(): void {
    this.#isTopologyChecked = false;
    this.#news.ring();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the publisher ends'));
    await this.#working;
  }

  async #keepPublishing(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#publishOnce(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#report(error);
        await this.#backOff.wait(signal);
      }
    }
  }

  async #publishOnce(stop: AbortSignal): Promise<void> {
    const { connection } = this.#parts;
    if (this.#state !== 'failing') this.#state = 'waiting';
    // The connection first: a server that the broker can't hear must not keep others from publishing.
    const link = await connection.link(stop);
    await using tenure = await this.#acquire(link, AbortSignal.any([stop, link.closed]));
    this.#isTopologyChecked = false;
    await this.#prepare(link);
    await using session = await this.#openSession(link, tenure);
    this.#succeed();
    try {
      await session.run(stop);
    } catch (error) {
      // Events behind the refused one may be in the queues already. The less is on its way, the fewer can overtake it.
      if (error instanceof NackError) this.#carefulUntil = session.sent;
      throw error;
    }
  }

  #openSession(link: Link, tenure: Tenure): Promise<PublishSession> {
    const { channel, exchange, events, cursors, organizations, pollIntervalMs, observer } = this.#parts;
    return PublishSession.open({
      channel,
      exchange,
      link,
      tenure,
      events,
      cursors,
      news: this.#news,
      pollIntervalMs,
      hasQueues: () => organizations().length > 0,
      carefulUntil: this.#carefulUntil,
      prepare: () => this.#prepare(link),
      observer: {
        confirmed: (count) => {
          this.#backOff.reset();
          observer.confirmed(count);
        },
        outstanding: (count) => observer.outstanding(count),
      },
    });
  }

  async #acquire(link: Link, signal: AbortSignal): Promise<Tenure> {
    const { lock, channel } = this.#parts;
    const never = new Bell();
    for (;;) {
      signal.throwIfAborted();
      const tenure = await lock.tryAcquire(channel, link);
      if (tenure !== undefined) return tenure;
      this.#state = 'standby';
      await never.wait(signal, LOCK_INTERVAL_MS);
    }
  }

  async #prepare(link: Link): Promise<void> {
    if (this.#isTopologyChecked) return;
    this.#isTopologyChecked = true;
    const { exchange, channel, organizations } = this.#parts;
    const checking = checkTopology({ model: link.model, exchange, channel, organizations: organizations() });
    await orAborted(checking, AbortSignal.any([link.closed, this.#closing.signal]));
  }

  #succeed(): void {
    this.#state = 'publishing';
    if (this.#failure !== '') this.#parts.log.info({ channel: this.#parts.channel }, 'events of the channel are published again');
    this.#failure = '';
  }

  /** The same words once: it is tried again and again. */
  #report(error: unknown): void {
    this.#state = 'failing';
    const reason = explainFailure(error);
    if (reason === this.#failure) return;
    this.#failure = reason;
    const { channel, log } = this.#parts;
    log.warn({ channel, reason }, `events of channel ${channel} wait in the store: ${reason}`);
  }
}
