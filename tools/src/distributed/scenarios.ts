import type { LedgerNetwork } from '@orchestrator/dev-ledger';
import { ServerProcess } from '../server-process.ts';
import { runCommand } from '../verification/command.ts';
import { sum, type Tally, tallyOfOutput } from '../verification/tally.ts';
import { deployOrchestrator } from './deployment.ts';

const SUITE_TIMEOUT_MS = 20 * 60_000;

/** Batches of thousands of tasks take long where facade, peers and chaincodes share few cores with other tests. */
const patience = { ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT: '2m' };

/**
 * Runs the end-to-end suite against a facade on a network: all scenarios on the fresh network; then the facade and the
 * chaincodes are killed, the network is restarted, and the short ones run on what was there.
 *
 * @param restart stops the network's nodes and starts them again.
 */
export async function runScenariosTwice(network: LedgerNetwork, restart: () => Promise<void>): Promise<Tally> {
  await using deployment = await deployOrchestrator(network);
  const environment = { ...deployment.environment, ...patience };
  const tallies: Tally[] = [];
  {
    await using server = await ServerProcess.start(environment);
    tallies.push(await runScenarios(server));
    server.kill('SIGKILL');
    await server.ended();
  }
  for (const chaincode of deployment.chaincodes.values()) await chaincode.stop('SIGKILL');
  await restart();
  for (const chaincode of deployment.chaincodes.values()) await chaincode.start();
  await using server = await ServerProcess.start(environment);
  tallies.push(await runScenarios(server, '--short'));
  return sum(tallies);
}

async function runScenarios(server: ServerProcess, ...args: readonly string[]): Promise<Tally> {
  const { exitCode, output } = await runCommand({
    script: 'e2e/src/main.ts',
    args: ['--server-addr', server.grpcAddress, ...args],
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  return tallyOfOutput(output, exitCode);
}
