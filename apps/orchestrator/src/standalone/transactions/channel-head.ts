import type { SqlExecutor, Statement } from '../sql/executor.ts';

// Namespaces of this product's advisory locks (first of the two lock keys), so that they never meet.
/** Second key: channels.id. Held by the writing transaction of a channel. */
export const CHANNEL_LOCK_NAMESPACE = 0x0c4a_0001;

const MICROS_PER_MILLI = 1000;

const LOCK: Statement = { name: 'channel_lock', text: 'SELECT pg_advisory_xact_lock($1::int4, $2::int4)' };

// A statement of its own, behind the lock: its snapshot then holds all that was committed before. The database's clock
// serves, so that replicas on hosts with different clocks agree.
const READ: Statement = {
  name: 'channel_head_read',
  text: `SELECT position, greatest(instant + 1, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
    pg_current_xact_id()::text
  FROM channels WHERE id = $1`,
};

/** The head of a channel's event log while a writing transaction holds it. */
export interface ChannelHead {
  /** Of the last event. */
  position: bigint;
  /** The least of the next request, in microseconds since 1970: later than that of every request before. */
  nextInstant: bigint;
  /** The instant when the head was read, and when that was on this process's monotonic clock. */
  readonly opened: { readonly instant: bigint; readonly atMs: number };
  /** The database's name of the transaction, to ask for its fate. */
  readonly transactionId: string;
}

/** Locks the channel for the rest of the transaction and reads its head. Storing events moves it. */
export async function lockChannel(sql: SqlExecutor, channelId: number): Promise<ChannelHead> {
  sql.send(LOCK, [CHANNEL_LOCK_NAMESPACE, channelId]);
  const [row] = await sql.query(READ, [channelId]);
  if (row === undefined) throw new Error(`channel ${channelId} has no row`);
  const [position, nextInstant, transactionId] = row;
  const opened = { instant: nextInstant as bigint, atMs: performance.now() };
  return { position: position as bigint, nextInstant: opened.instant, opened, transactionId: transactionId as string };
}

/**
 * Takes the instant of a request that begins now. One that came into a transaction which was open already gets none from
 * before it came.
 */
export function takeInstant(head: ChannelHead): bigint {
  const now = head.opened.instant + BigInt(Math.floor((performance.now() - head.opened.atMs) * MICROS_PER_MILLI));
  const instant = now > head.nextInstant ? now : head.nextInstant;
  head.nextInstant = instant + 1n;
  return instant;
}
