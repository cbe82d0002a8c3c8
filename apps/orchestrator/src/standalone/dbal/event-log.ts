import { isUuid } from '@orchestrator/lib';
import type { SqlExecutor, Statement } from '../sql/executor.ts';

/** An event of a channel's log in its wire form. */
export interface StoredEvent {
  readonly position: bigint;
  readonly bytes: Uint8Array;
}

/** Which events to read from a channel's log. */
export interface EventLogQuery {
  readonly channelId: number;
  /** Those behind this position; 0 for all. */
  readonly after: bigint;
  /** At most this many. */
  readonly limit: number;
  /** At most this many bytes; one event is returned however large it is. */
  readonly maxBytes: number;
}

const SELECT_EVENTS: Statement = {
  name: 'read_events',
  isBinary: true,
  text: `
    SELECT position, event
    FROM (
      SELECT position, event, row_number() OVER sorted AS place, sum(octet_length(event)) OVER sorted AS size
      FROM (
        SELECT position, event FROM events WHERE channel = $1 AND position > $2 ORDER BY position LIMIT $3::bigint
      ) AS candidates
      WINDOW sorted AS (ORDER BY position ROWS UNBOUNDED PRECEDING)
    ) AS measured
    WHERE place = 1 OR size <= $4::bigint
    ORDER BY position`,
};

const SELECT_POSITION: Statement = {
  name: 'select_event_position',
  text: 'SELECT position FROM events WHERE channel = $1 AND id = $2',
};

const SELECT_HEAD: Statement = {
  name: 'select_channel_position',
  text: 'SELECT position FROM channels WHERE id = $1',
};

/** The next events of a log in their order; none when the end is reached. */
export async function readEvents(sql: SqlExecutor, query: EventLogQuery): Promise<readonly StoredEvent[]> {
  const { channelId, after, limit, maxBytes } = query;
  const rows = await sql.query(SELECT_EVENTS, [channelId, after, limit, maxBytes]);
  return rows.map(([position, bytes]) => ({ position: position as bigint, bytes: bytes as Uint8Array }));
}

/** The position of an event, undefined when the channel has none of that id. */
export async function findPosition(sql: SqlExecutor, channelId: number, eventId: string): Promise<bigint | undefined> {
  if (!isUuid(eventId)) return undefined;
  const [row] = await sql.query(SELECT_POSITION, [channelId, eventId]);
  return row?.[0] as bigint | undefined;
}

/** The position of the last event of a channel, 0 before the first one. */
export async function readHead(sql: SqlExecutor, channelId: number): Promise<bigint> {
  const [row] = await sql.query(SELECT_HEAD, [channelId]);
  return (row?.[0] as bigint | undefined) ?? 0n;
}
