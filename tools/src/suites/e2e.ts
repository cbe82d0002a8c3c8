/**
 * The end-to-end suite against a server as `npm start` runs it: embedded PostgreSQL in a folder of its own. The server
 * is killed and started again on the same data once, so that the suite also meets a store that has been recovered.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServerProcess } from '../server-process.ts';
import { runCommand } from '../verification/command.ts';
import { closingLine, sum, type Tally, tallyOfOutput } from '../verification/tally.ts';

const SUITE_TIMEOUT_MS = 600_000;

async function runScenarios(server: ServerProcess, ...args: readonly string[]): Promise<Tally> {
  const { exitCode, output } = await runCommand({
    script: 'e2e/src/main.ts',
    args: ['--server-addr', server.grpcAddress, ...args],
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  return tallyOfOutput(output, exitCode);
}

const folder = await mkdtemp(join(tmpdir(), 'orchestrator-e2e-'));
const tallies: Tally[] = [];
try {
  const environment = { ORCHESTRATOR_DATA_DIR: join(folder, 'data') };
  {
    await using server = await ServerProcess.start(environment);
    tallies.push(await runScenarios(server));
    server.kill('SIGKILL');
    await server.ended();
  }
  await using server = await ServerProcess.start(environment);
  tallies.push(await runScenarios(server, '--short'));
} finally {
  await rm(folder, { recursive: true, force: true });
}
const total = sum(tallies);
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
