import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Command, runCommand } from './command.ts';
import { commandSuites, notRun } from './suites.ts';
import { closingLine, emptyTally, oneFailure, sum, type Tally, tallyOfOutput, tallyOfVitest } from './tally.ts';

/** Puts the longer versions of tests in force, for those that have one. */
const extendedVariable = 'ORCHESTRATOR_TEST_EXTENDED';

const minuteMs = 60_000;

/** One step; its failure does not keep the others from running. */
interface Phase {
  readonly name: string;
  readonly run: () => Promise<Tally>;
}

/**
 * Runs all that stands between a change and its merge: types, generated code, lint, and every test.
 *
 * The last line printed is `N passed, N failed[, N skipped]`; a failed phase without tests counts as one failure.
 *
 * @returns whether nothing failed.
 */
export async function verify({ extended }: { readonly extended: boolean }): Promise<boolean> {
  const testTimeoutMs = (extended ? 240 : 45) * minuteMs;
  const env: Readonly<Record<string, string>> = extended ? { [extendedVariable]: '1' } : {};
  const phases: readonly Phase[] = [
    check('types', { script: 'node_modules/typescript/bin/tsc', args: ['-b'] }),
    check('generated code', { script: 'tools/src/generate.ts', args: ['--check'] }),
    check('lint', { script: 'node_modules/oxlint/bin/oxlint', args: ['--type-aware', '--deny-warnings'] }),
    { name: 'tests', run: () => runVitest({ env, timeoutMs: testTimeoutMs }) },
    ...commandSuites.map((suite) => ({ name: suite.name, run: () => runSuite({ ...suite, env: { ...suite.env, ...env } }) })),
  ];
  const results: { readonly name: string; readonly tally: Tally }[] = [];
  for (const { name, run } of phases) {
    console.log(`\n=== ${name}`);
    results.push({ name, tally: await run() });
  }
  const total = sum(results.map(({ tally }) => tally));
  console.log('\n=== result');
  for (const { name, tally } of results) console.log(`${name}: ${tally === emptyTally ? 'ok' : closingLine(tally)}`);
  for (const line of notRun) console.log(`!!! ${line} !!!`);
  console.log(closingLine(total));
  return total.failed === 0;
}

function check(name: string, command: Pick<Command, 'script' | 'args'>): Phase {
  const run = async () => {
    const { exitCode } = await runCommand({ ...command, timeoutMs: 10 * minuteMs });
    return exitCode === 0 ? emptyTally : oneFailure;
  };
  return { name, run };
}

async function runVitest({ env, timeoutMs }: Required<Pick<Command, 'env' | 'timeoutMs'>>): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-verify-'));
  const report = join(folder, 'report.json');
  try {
    const { exitCode } = await runCommand({
      script: 'node_modules/vitest/vitest.mjs',
      args: ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`],
      env,
      timeoutMs,
    });
    return tallyOfVitest(await readFile(report, 'utf8').catch(() => undefined), exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runSuite(command: Command): Promise<Tally> {
  const { exitCode, output } = await runCommand(command);
  return tallyOfOutput(output, exitCode);
}
