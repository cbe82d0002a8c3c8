import type { StoredEvent } from '../dbal/event-log.ts';
import type { ClientExecutor } from '../sql/client-executor.ts';
import type { PostgresScope } from '../sql/executor.ts';
import { type ChannelHead, takeInstant } from './channel-head.ts';
import type { GroupEnvironment } from './outcome.ts';
import { ScopedExecutor } from './scoped-executor.ts';

/** What one request of a group, or several side by side, see of the transaction. */
export class RequestScope implements PostgresScope {
  readonly sql: ScopedExecutor;
  readonly channelId: number;
  readonly channel: string;
  readonly stored: StoredEvent[] = [];
  readonly #opening: Promise<ChannelHead>;
  readonly #requests: number;
  #head: ChannelHead | undefined;
  #instants: readonly bigint[] = [];
  #firstPosition = 0n;

  /** @param requests how many run in this scope: each has an instant of its own. */
  constructor(sql: ClientExecutor, opening: Promise<ChannelHead>, { channel }: GroupEnvironment, requests = 1) {
    this.channelId = channel.id;
    this.channel = channel.name;
    this.#opening = opening;
    this.#requests = requests;
    // The first answer brings the head: it was asked for before.
    this.sql = new ScopedExecutor(sql, () => this.opened());
  }

  /** Waits for the head, and takes the requests' instants from it. */
  async opened(): Promise<void> {
    if (this.#head !== undefined) return;
    const head = await this.#opening;
    if (this.#head !== undefined) return;
    this.#head = head;
    this.#firstPosition = head.position;
    this.#instants = Array.from({ length: this.#requests }, () => takeInstant(head));
  }

  /** The instant of one of the requests: later than that of those before it. */
  instantOf(index: number): bigint {
    const instant = this.#instants[index];
    if (instant === undefined) throw new Error('the instant was asked for before the first read');
    return instant;
  }

  takePositions(count: number): bigint {
    if (this.#head === undefined) throw new Error('positions were asked for before the first read');
    const first = this.#head.position + 1n;
    this.#head.position += BigInt(count);
    return first;
  }

  onEvents(events: readonly StoredEvent[]): void {
    this.stored.push(...events);
  }

  /** Gives the positions back, behind a rollback. */
  takeBack(): void {
    if (this.#head !== undefined) this.#head.position = this.#firstPosition;
  }

  close(): void {
    this.sql.close();
  }
}
