/**
 * What runs on a network of Fabric's own processes: `*.fabric.spec.ts` of all packages, and the end-to-end scenarios
 * against the facade. `npm run test:fabric [filter…]`; with a filter, only the files whose names have it.
 *
 * It ends with `N passed, N failed`; where Fabric's binaries are missing it says so, and fails.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenariosTwice } from '../distributed/scenarios.ts';
import { requireFabricBinaries } from '../fabric/binaries.ts';
import { startFabricNetwork } from '../fabric/network.ts';
import { runTool } from '../fabric/program.ts';
import { runCommand } from '../verification/command.ts';
import { closingLine, sum, type Tally, tallyOfVitest } from '../verification/tally.ts';

const TESTS_TIMEOUT_MS = 40 * 60_000;

async function runTests(filters: readonly string[]): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-fabric-'));
  const report = join(folder, 'report.json');
  try {
    const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
    const { exitCode } = await runCommand({
      script: 'node_modules/vitest/vitest.mjs',
      args: ['run', '--config=vitest.fabric.config.ts', ...reporting, ...filters],
      timeoutMs: TESTS_TIMEOUT_MS,
    });
    return tallyOfVitest(await readFile(report, 'utf8').catch(() => undefined), exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runScenarios(): Promise<Tally> {
  await using network = await startFabricNetwork();
  return await runScenariosTwice(network, async () => {
    await network.stop();
    await network.start();
  });
}

const binaries = requireFabricBinaries();
const version = await runTool({ file: join(binaries, 'peer'), args: ['version'], folder: tmpdir() });
console.log(`${new Date().toISOString()}, Node ${process.version}, Fabric's binaries in ${binaries}:\n${version.trim()}`);
const filters = process.argv.slice(2);
const tallies = [await runTests(filters)];
if (filters.length === 0) tallies.push(await runScenarios());
const total = sum(tallies);
console.log(closingLine(total));
process.exitCode = total.failed === 0 ? 0 : 1;
