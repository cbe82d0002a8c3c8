import { BARE_TABLE, barePath } from '../bare/setup.ts';
import type { Lane } from '../client/jobs.ts';
import type { Limit } from '../workload/bench.ts';
import { measureBare } from './bare-load.ts';
import type { StandaloneBench } from './bench.ts';
import { withClient } from './database.ts';

/**
 * A bare grpc-js handler that runs BEGIN, one INSERT, COMMIT per call in one round trip: the same callers, requests and
 * sizes of answers, and a connection to the database for each caller.
 */
export async function limitOfWrites(
  bench: StandaloneBench,
  lanes: readonly Lane[],
  answerBytes: number,
): Promise<Limit> {
  await withClient(bench.databaseUrl, (client) => client.query(BARE_TABLE));
  const bare = lanes.map(({ headers, calls }) => ({
    headers,
    calls: calls.map(({ message }) => ({ path: barePath.insert, message })),
  }));
  return measureBare(bench, { poolSize: lanes.length, answerBytes }, { connections: lanes.length, lanes: bare });
}
