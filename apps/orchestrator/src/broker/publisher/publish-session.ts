import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfirmChannel } from 'amqplib';
import type { Link } from './amqp-connection.ts';
import { ConfirmWindow } from './confirm-window.ts';
import { TopologyError } from './explain.ts';
import { toBrokerMessage } from './message.ts';
import type { CursorStore, EventLog, LoggedEvent, Tenure } from './ports.ts';
import { Bell, orAborted } from './signals.ts';

/** So long the broker may take to close an AMQP channel: a connection that hangs is none to wait for. */
const CLOSE_TIMEOUT_MS = 1000;

/** What may be on its way to the broker and unconfirmed: bounds the memory, and the repeats after a crash. */
const MAX_UNCONFIRMED_EVENTS = 2000;
const MAX_UNCONFIRMED_BYTES = 8_388_608;
/** Between two moves of the cursor in a flow of events: after a crash, what was confirmed meanwhile is sent again. */
const CURSOR_INTERVAL_MS = 50;
/** What is on its way at the end of the server gets so long to be confirmed. */
const DRAIN_TIMEOUT_MS = 1000;

/** A queue has refused a message. */
export class NackError extends Error {
  constructor() {
    super('message nacked');
    this.name = 'NackError';
  }
}

export interface SessionParts {
  readonly channel: string;
  readonly exchange: string;
  readonly link: Link;
  readonly tenure: Tenure;
  readonly events: EventLog;
  readonly cursors: CursorStore;
  /** Rings when the channel may have new events. */
  readonly news: Bell;
  readonly pollIntervalMs: number;
  /** Whether a message that no queue takes is a fault. */
  readonly hasQueues: () => boolean;
  /** Up to this position events go one by one, see `NackError` in ChannelPublisher. */
  readonly carefulUntil: bigint;
  /** Called before each page of events; looks at the topology when it may have changed. */
  readonly prepare: () => Promise<void>;
  readonly observer: SessionObserver;
}

export interface SessionObserver {
  /** The broker has confirmed so many events. */
  confirmed(count: number): void;
  /** So many events wait for their confirms. */
  outstanding(count: number): void;
}

/**
 * Publishes a channel's events from the cursor on, over one AMQP channel, as long as nothing fails. The cursor follows
 * the confirms; after a failure the next session sends again what lies behind it.
 */
export class PublishSession implements AsyncDisposable {
  readonly #parts: SessionParts;
  readonly #channel: ConfirmChannel;
  readonly #window: ConfirmWindow;
  readonly #failure = new AbortController();
  readonly #room = new Bell();
  #sent: bigint;
  #stored: bigint;
  #moving: Promise<void> | undefined;

  private constructor(parts: SessionParts, channel: ConfirmChannel) {
    this.#parts = parts;
    this.#channel = channel;
    this.#sent = parts.tenure.position;
    this.#stored = parts.tenure.position;
    this.#window = new ConfirmWindow(parts.tenure.position);
    for (const signal of [parts.link.closed, parts.tenure.lost]) this.#follow(signal);
    channel.on('error', (error) => this.#fail(error));
    channel.on('close', () => this.#fail(new Error('the broker has closed the AMQP channel')));
    // Comes before the confirm of the same message, which must not count then.
    channel.on('return', () => {
      if (parts.hasQueues()) this.#fail(new TopologyError(`no queue takes the events of channel ${parts.channel}: run "orchestrator broker reconcile"`));
    });
  }

  static async open(parts: SessionParts): Promise<PublishSession> {
    const channel = await orAborted(parts.link.model.createConfirmChannel(), parts.link.closed);
    return new PublishSession(parts, channel);
  }

  /** The last event that was sent. */
  get sent(): bigint {
    return this.#sent;
  }

  /** Returns when the signal is aborted and what was sent is confirmed, or the time for that is over. @throws what failed. */
  async run(stop: AbortSignal): Promise<void> {
    try {
      await this.#publish(AbortSignal.any([stop, this.#failure.signal]));
    } catch (error) {
      if (this.#failure.signal.aborted) throw this.#failure.signal.reason;
      if (!stop.aborted) throw error;
      await this.#drain();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#fail(new Error('the session has ended'));
    this.#parts.observer.outstanding(0);
    await this.#moving;
    if (!this.#parts.link.closed.aborted) {
      const isClosed = this.#channel.close().catch(() => undefined);
      await orAborted(isClosed, AbortSignal.any([this.#parts.link.closed, AbortSignal.timeout(CLOSE_TIMEOUT_MS)])).catch(() => undefined);
    }
  }

  async #publish(ended: AbortSignal): Promise<never> {
    const { channel, events, link, news, pollIntervalMs, prepare } = this.#parts;
    const read = (position: bigint): Promise<readonly LoggedEvent[]> => {
      const reading = events.readAfter(channel, position);
      // It may fail while the page before it is still being sent.
      reading.catch(() => undefined);
      return reading;
    };
    let next = read(this.#sent);
    for (;;) {
      await prepare();
      const page = await orAborted(next, ended);
      const last = page.at(-1);
      if (last === undefined) await news.wait(ended, pollIntervalMs);
      // The next page is read while this one is sent.
      next = read(last?.position ?? this.#sent);
      for (const event of page) {
        while (this.#isFull()) await this.#room.wait(ended);
        if (link.isBlocked) await link.unblocked(ended);
        ended.throwIfAborted();
        this.#send(event);
      }
    }
  }

  #isFull(): boolean {
    const { count, bytes } = this.#window;
    const limit = this.#sent < this.#parts.carefulUntil ? 1 : MAX_UNCONFIRMED_EVENTS;
    return count >= limit || bytes >= MAX_UNCONFIRMED_BYTES;
  }

  #send({ position, bytes }: LoggedEvent): void {
    const { body, properties } = toBrokerMessage(bytes);
    const { exchange, channel, observer, hasQueues } = this.#parts;
    const confirm = this.#window.add(position, body.length);
    this.#channel.publish(exchange, channel, body, { ...properties, mandatory: hasQueues() }, (error: unknown) => {
      if (this.#failure.signal.aborted) return;
      if (error !== null && error !== undefined) return this.#fail(new NackError());
      confirm();
      observer.confirmed(1);
      observer.outstanding(this.#window.count);
      this.#room.ring();
      this.#moving ??= this.#moveCursor();
    });
    this.#sent = position;
    observer.outstanding(this.#window.count);
  }

  /**
   * One statement at a time is under way: the next one takes all that was confirmed meanwhile. While more is on its
   * way they keep a distance: each is a commit that waits for the disk, as the broker's messages do. Never rejects.
   */
  async #moveCursor(): Promise<void> {
    try {
      while (this.#window.confirmed > this.#stored && !this.#failure.signal.aborted) {
        const position = this.#window.confirmed;
        const { channel, cursors, tenure } = this.#parts;
        await cursors.advance({ channel, position, fence: tenure.fence });
        this.#stored = position;
        if (this.#window.count > 0) await sleep(CURSOR_INTERVAL_MS);
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#moving = undefined;
  }

  async #drain(): Promise<void> {
    const deadline = sleep(DRAIN_TIMEOUT_MS, undefined, { ref: false });
    const ended = AbortSignal.any([this.#failure.signal, AbortSignal.timeout(DRAIN_TIMEOUT_MS)]);
    while (this.#window.count > 0 && !ended.aborted) await this.#room.wait(ended).catch(() => undefined);
    await Promise.race([this.#moving, deadline]);
  }

  #follow(signal: AbortSignal): void {
    const fail = (): void => this.#fail(signal.reason);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true, signal: this.#failure.signal });
  }

  #fail(error: unknown): void {
    this.#failure.abort(error);
  }
}
