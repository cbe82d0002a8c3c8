/**
 * Distributed mode on one machine: a development ledger with two organizations, a chaincode process for each, AND
 * endorsement, and a server in front that speaks for both. Ctrl-C ends all of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { startDevLedger } from '@orchestrator/dev-ledger';
import { ProcessGuard } from '../fabric/process-guard.ts';
import { deployOrchestrator } from './deployment.ts';

const launcher = join(import.meta.dirname, '../../../apps/orchestrator/bin/orchestrator');

/** As `npm start` listens: for this machine alone. */
const addresses = { ORCHESTRATOR_GRPC_ADDRESS: '127.0.0.1:9000', ORCHESTRATOR_HTTP_ADDRESS: '127.0.0.1:8484' };

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());

{
  await using ledger = await startDevLedger();
  await using deployment = await deployOrchestrator(ledger);
  const organizations = ledger.organizations.map(({ mspid, gatewayAddress }) => `${mspid} at ${gatewayAddress}`);
  console.log(`The development ledger runs, in memory: ${organizations.join(', ')}`);
  console.log(`Network file: ${ledger.networkFile}`);
  if (!stop.signal.aborted) process.exitCode = await runServer({ ...addresses, ...process.env, ...deployment.environment });
}

/** Runs the server until it ends, at the latest after the signal to stop. */
async function runServer(env: Readonly<Record<string, string | undefined>>): Promise<number> {
  // A group of its own: the terminal's Ctrl-C reaches it once, from here.
  const server = spawn('sh', [launcher, 'serve'], { env, stdio: 'inherit', detached: true });
  using guard = new ProcessGuard();
  guard.watch(server);
  stop.signal.addEventListener('abort', () => void server.kill('SIGTERM'));
  const [code] = (await once(server, 'exit')) as [number | null];
  return code ?? 1;
}
