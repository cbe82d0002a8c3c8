import { ServerProcess } from '@orchestrator/tools';
import { BareServer } from '../../bare/bare-server.ts';
import { nowMs } from '../../process/clock.ts';
import { type Figure, toFigure } from '../../report/figure.ts';
import { runRounds } from '../../workload/bench.ts';
import type { StandaloneBench } from '../bench.ts';

/** From the start of the process until it serves, on a migrated database; and the same of a bare server. */
export async function measureStartUp(bench: StandaloneBench): Promise<readonly Figure[]> {
  const run = async () => {
    const startMs = nowMs();
    await using server = await ServerProcess.start(bench.environment);
    return { value: nowMs() - startMs, pid: server.pid };
  };
  const limit = async () => {
    const startMs = nowMs();
    await using _bare = await BareServer.start({ databaseUrl: bench.databaseUrl, poolSize: 1, answerBytes: 0 });
    return { value: nowMs() - startMs };
  };
  return [toFigure({ row: 'start-up', unit: 'ms', rounds: await runRounds(bench, run, limit) })];
}
