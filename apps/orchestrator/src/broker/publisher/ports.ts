import type { Link } from './amqp-connection.ts';

/** An event of a channel's log in its wire form. */
export interface LoggedEvent {
  /** Grows by one from event to event, from 1 on. */
  readonly position: bigint;
  readonly bytes: Uint8Array;
}

/** The stored events: the outbox that the publisher empties. */
export interface EventLog {
  /** The next events behind a position in their order, a page of bounded size; none at the end of the log. */
  readAfter(channel: string, position: bigint): Promise<readonly LoggedEvent[]>;
  /** How far the channel's cursor is behind its log. */
  readLag(channel: string): Promise<Lag>;
}

export interface Lag {
  /** Events that the broker has not confirmed. */
  readonly events: number;
  /** Age of the oldest of them, by the store's clock; 0 without any. */
  readonly seconds: number;
}

/** The right to publish a channel, for as long as `lost` is not aborted. */
export interface Tenure extends AsyncDisposable {
  /** Grows from tenure to tenure of a channel, over all servers. */
  readonly fence: bigint;
  /** Where the broker had confirmed up to when the tenure began. */
  readonly position: bigint;
  /** Aborted, with an error as its reason, when another server may publish the channel. */
  readonly lost: AbortSignal;
}

/** A lock per channel over all servers that dies with its holder. */
export interface PublisherLock {
  /**
   * Undefined while another server holds the channel.
   *
   * @param link the connection over which the events will go, for a lock that hangs on it.
   * @throws when the store is out of reach.
   */
  tryAcquire(channel: string, link: Link): Promise<Tenure | undefined>;
}

/** How far the broker has confirmed the events of a channel. */
export interface CursorStore {
  /** Moves the cursor forward. @throws FencedError when a later tenure has begun. */
  advance(move: CursorMove): Promise<void>;
}

export interface CursorMove {
  readonly channel: string;
  readonly position: bigint;
  /** The tenure's. */
  readonly fence: bigint;
}

/** Another server publishes the channel now. */
export class FencedError extends Error {
  constructor(channel: string) {
    super(`another server publishes channel ${channel} now`);
    this.name = 'FencedError';
  }
}
