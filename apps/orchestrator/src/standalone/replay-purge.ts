import type { Pool } from 'pg';
import type { Log } from '../log/log.ts';

const INTERVAL_MS = 60_000;
const BATCH_ROWS = 1000;

/** Removes answers kept for safe replay once they are old, a batch a minute, so that no statement holds much. */
export class ReplayPurge implements Disposable {
  readonly #timer: NodeJS.Timeout;

  constructor(pool: Pool, retentionMs: number, log: Log) {
    this.#timer = setInterval(() => {
      purgeReplays(pool, retentionMs).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'old idempotency keys could not be removed, trying again in a minute');
      });
    }, INTERVAL_MS);
    this.#timer.unref();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Removes one batch. @returns how many answers were removed. */
export async function purgeReplays(pool: Pool, retentionMs: number): Promise<number> {
  const removed = await pool.query({
    name: 'replay_purge',
    text: `DELETE FROM replays WHERE (channel, mspid, key) IN (
      SELECT channel, mspid, key FROM replays
      WHERE created < now() - $1::double precision * interval '1 millisecond' ORDER BY created LIMIT $2)`,
    values: [retentionMs, BATCH_ROWS],
  });
  return removed.rowCount ?? 0;
}
