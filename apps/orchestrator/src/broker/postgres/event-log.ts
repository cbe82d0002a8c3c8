import type { Pool } from 'pg';
import { readEvents } from '../../standalone/dbal/event-log.ts';
import { PoolExecutor } from '../../standalone/sql/client-executor.ts';
import type { Statement } from '../../standalone/sql/executor.ts';
import { ChannelIds } from '../../standalone/transactions/channel-ids.ts';
import type { EventLog, Lag, LoggedEvent } from '../publisher/ports.ts';

/** Turning a page into JSON keeps the process from its requests for some milliseconds: hence small ones. */
const PAGE_EVENTS = 200;
const PAGE_BYTES = 524_288;

const SELECT_LAG: Statement = {
  name: 'broker_lag',
  text: `
    SELECT channels.position - coalesce(broker_cursors.position, 0),
      coalesce((extract(epoch FROM clock_timestamp()) * 1000000)::bigint - events.instant, 0)
    FROM channels
    LEFT JOIN broker_cursors ON broker_cursors.channel = channels.id
    LEFT JOIN events ON events.channel = channels.id AND events.position = coalesce(broker_cursors.position, 0) + 1
    WHERE channels.id = $1`,
};

const MICROS_PER_SECOND = 1_000_000;

/** The event log in PostgreSQL. */
export class PostgresEventLog implements EventLog {
  readonly #sql: PoolExecutor;
  readonly #channelIds: ChannelIds;

  /** @param pool one that requests do not use. */
  constructor(pool: Pool) {
    this.#sql = new PoolExecutor(pool);
    this.#channelIds = new ChannelIds(pool);
  }

  /** The number by which the tables know a channel. */
  idOf(channel: string): Promise<number> {
    return this.#channelIds.get(channel);
  }

  async readAfter(channel: string, position: bigint): Promise<readonly LoggedEvent[]> {
    const channelId = await this.idOf(channel);
    return readEvents(this.#sql, { channelId, after: position, limit: PAGE_EVENTS, maxBytes: PAGE_BYTES });
  }

  async readLag(channel: string): Promise<Lag> {
    const [row] = await this.#sql.query(SELECT_LAG, [await this.idOf(channel)]);
    const [events = 0n, micros = 0n] = (row ?? []) as readonly bigint[];
    return { events: Number(events), seconds: Math.max(0, Number(micros) / MICROS_PER_SECOND) };
  }
}
