import type { Pool } from 'pg';
import { PoolExecutor } from '../sql/client-executor.ts';
import type { Statement } from '../sql/executor.ts';

// The event proves what the status claims: after a crash PostgreSQL may give the id of a lost transaction to another.
const FATE: Statement = {
  name: 'commit_fate',
  text: `SELECT pg_xact_status($1::text::xid8),
    $3::text IS NULL OR EXISTS (SELECT FROM events WHERE channel = $2 AND id = $3::text::uuid)`,
};

const INVALID_PARAMETER_VALUE = '22023';

/** How a transaction ended whose COMMIT was not answered. */
export type CommitFate = 'committed' | 'rolled back' | 'in progress';

/** A transaction, and an event that it made, if any. */
export interface LostCommit {
  readonly channelId: number;
  readonly transactionId: string;
  readonly eventId: string | undefined;
}

/**
 * Asks the database how a transaction ended.
 *
 * @throws what the database said when it could not be asked.
 */
export async function askCommitFate(pool: Pool, lost: LostCommit): Promise<CommitFate> {
  try {
    const parameters = [lost.transactionId, lost.channelId, lost.eventId ?? null];
    const [row] = await new PoolExecutor(pool).query(FATE, parameters);
    if (row?.[0] === 'in progress') return 'in progress';
    return row?.[0] === 'committed' && row[1] === true ? 'committed' : 'rolled back';
  } catch (error) {
    // "transaction ID is in the future": a crash took it before it was ever written.
    const isUnknown = error instanceof Error && 'code' in error && error.code === INVALID_PARAMETER_VALUE;
    if (isUnknown) return 'rolled back';
    throw error;
  }
}
