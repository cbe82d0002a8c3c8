import { BareServer } from '../bare/bare-server.ts';
import type { BareSetup } from '../bare/setup.ts';
import type { Lane, LoadJob } from '../client/jobs.ts';
import { cpuMs, familyCpuMs } from '../process/usage.ts';
import type { Limit } from '../workload/bench.ts';
import type { StandaloneBench } from './bench.ts';

const WARM_UP_CALLS = 100;

/** Runs a load against a bare server on the bench's database. @throws Error when a call fails. */
export async function measureBare(
  bench: StandaloneBench,
  setup: Omit<BareSetup, 'databaseUrl'>,
  job: Omit<LoadJob, 'kind' | 'addresses'>,
): Promise<Limit> {
  await using server = await BareServer.start({ ...setup, databaseUrl: bench.databaseUrl });
  const addresses = [server.address];
  const { postgres, client } = bench;
  // Its handlers are warm before the measurement, as the server's are.
  const { repeatMs: _, ...once } = job;
  await client.load({ ...once, addresses, lanes: job.lanes.map(toWarmUp) });
  const used = (): number => cpuMs(server.pid) + familyCpuMs(postgres.pid);
  const before = used();
  const load = await client.load({ ...job, addresses });
  if (Object.keys(load.failures).length > 0) throw new Error('calls of the limit failed');
  return { value: load.calls / load.seconds, cpuMs: (used() - before + load.cpuMs) / load.calls };
}

function toWarmUp({ headers, calls }: Lane): Lane {
  return { headers, calls: calls.slice(0, WARM_UP_CALLS) };
}
