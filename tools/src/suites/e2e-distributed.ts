/**
 * The end-to-end suite against distributed mode, unchanged: a ledger with two organizations and AND endorsement, the
 * product's chaincode as a process for each, and a server that speaks for both. `fabric` as the argument runs it on a
 * network of Fabric's own processes, and again after that was stopped and started; otherwise the ledger is the
 * development ledger.
 */
import { type LedgerNetwork, startDevLedger } from '@orchestrator/dev-ledger';
import { deployOrchestrator, type OrchestratorDeployment } from '../distributed/deployment.ts';
import { startFabricNetwork } from '../fabric/network.ts';
import { ServerProcess } from '../server-process.ts';
import { runCommand } from '../verification/command.ts';
import { closingLine, sum, type Tally, tallyOfOutput } from '../verification/tally.ts';

const SUITE_TIMEOUT_MS = 1_800_000;

/** Runs the scenarios against a new server, which is ended again. */
async function runScenarios({ environment }: OrchestratorDeployment, ...args: readonly string[]): Promise<Tally> {
  await using server = await ServerProcess.start({ ...environment });
  const { exitCode, output } = await runCommand({
    script: 'e2e/src/main.ts',
    args: ['--server-addr', server.grpcAddress, ...args],
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  return tallyOfOutput(output, exitCode);
}

async function onDevelopmentLedger(): Promise<Tally> {
  await using ledger: LedgerNetwork & AsyncDisposable = await startDevLedger();
  await using deployment = await deployOrchestrator(ledger);
  return await runScenarios(deployment);
}

async function onFabric(): Promise<Tally> {
  await using network = await startFabricNetwork();
  await using deployment = await deployOrchestrator(network);
  const fresh = await runScenarios(deployment);
  await network.stop('orderly');
  await network.start();
  return sum([fresh, await runScenarios(deployment, '--short')]);
}

const tally = process.argv[2] === 'fabric' ? await onFabric() : await onDevelopmentLedger();
console.log(closingLine(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
