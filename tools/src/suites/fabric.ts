/**
 * The tests on a network of Fabric's own processes, `*.fabric.spec.ts` of all packages: `npm run test:fabric [filter…]`.
 * It ends with `N passed, N failed`; where Fabric's binaries are missing it says so, and fails.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireFabricBinaries } from '../fabric/binaries.ts';
import { runCommand } from '../verification/command.ts';
import { closingLine, tallyOfVitest } from '../verification/tally.ts';

const SUITE_TIMEOUT_MS = 50 * 60_000;

console.log(`Fabric's binaries: ${requireFabricBinaries()}`);
const folder = await mkdtemp(join(tmpdir(), 'orchestrator-test-fabric-'));
const report = join(folder, 'report.json');
try {
  const reporting = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const { exitCode } = await runCommand({
    script: 'node_modules/vitest/vitest.mjs',
    args: ['run', '--config=vitest.fabric.config.ts', ...reporting, ...process.argv.slice(2)],
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  const tally = tallyOfVitest(await readFile(report, 'utf8').catch(() => undefined), exitCode);
  console.log(closingLine(tally));
  process.exitCode = tally.failed === 0 ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
