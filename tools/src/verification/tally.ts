/** How many checks of a suite passed, failed, or did not run. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export const emptyTally: Tally = { passed: 0, failed: 0, skipped: 0 };

/** What counts for a phase that has no tests of its own, or could not say what it did: one failure. */
export const oneFailure: Tally = { passed: 0, failed: 1, skipped: 0 };

/** What is read of vitest's JSON report. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly { readonly status: string }[] }[];
}

/** Adds tallies up. */
export function sum(tallies: readonly Tally[]): Tally {
  return tallies.reduce(
    (all, { passed, failed, skipped }) => ({
      passed: all.passed + passed,
      failed: all.failed + failed,
      skipped: all.skipped + skipped,
    }),
    emptyTally,
  );
}

/**
 * Counts the tests of a vitest run. A file that could not be loaded, or whose hooks failed, has no failed test to count
 * and is one failure itself; so is a run that failed for any other reason, and one without a single test.
 *
 * @param text the JSON report, or undefined when vitest wrote none.
 */
export function tallyOfVitest(text: string | undefined, exitCode: number | undefined): Tally {
  if (text === undefined) return oneFailure;
  const report = JSON.parse(text) as VitestReport;
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.every((test) => test.status !== 'failed'),
  );
  const counted: Tally = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
  return withExitCode(counted, exitCode);
}

/** Counts a command's checks by the last line of its output that says them: `N passed, N failed[, N skipped]`. */
export function tallyOfOutput(output: string, exitCode: number | undefined): Tally {
  const closing = output
    .split('\n')
    .map((line) => /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(line))
    .findLast((match) => match !== null);
  if (closing === undefined || closing === null) return oneFailure;
  const [, passed, failed, skipped] = closing;
  return withExitCode({ passed: Number(passed), failed: Number(failed), skipped: Number(skipped ?? 0) }, exitCode);
}

function withExitCode(counted: Tally, exitCode: number | undefined): Tally {
  const isSilent = counted.failed === 0 && (exitCode !== 0 || counted.passed === 0);
  return isSilent ? sum([counted, oneFailure]) : counted;
}

/** The closing line of the test command. */
export function closingLine({ passed, failed, skipped }: Tally): string {
  return `${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
