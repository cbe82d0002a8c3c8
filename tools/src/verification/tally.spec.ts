import { describe, expect, it } from 'vitest';
import { closingLine, sum, tallyOfOutput, tallyOfVitest } from './tally.ts';

function report(counts: { readonly passed?: number; readonly failed?: number; readonly pending?: number; readonly todo?: number }, files: readonly object[] = []): string {
  const { passed = 0, failed = 0, pending = 0, todo = 0 } = counts;
  return JSON.stringify({ numPassedTests: passed, numFailedTests: failed, numPendingTests: pending, numTodoTests: todo, testResults: files });
}

describe('the tally of a vitest run', () => {
  it('counts what the report says', () => {
    expect(tallyOfVitest(report({ passed: 5, failed: 2, pending: 1, todo: 1 }), 1)).toEqual({ passed: 5, failed: 2, skipped: 2 });
  });

  it('counts a file that can not be loaded', () => {
    const files = [
      { status: 'failed', assertionResults: [] },
      { status: 'passed', assertionResults: [{ status: 'passed' }] },
    ];
    expect(tallyOfVitest(report({ passed: 1 }, files), 1)).toEqual({ passed: 1, failed: 1, skipped: 0 });
  });

  it('counts a file whose failure its tests tell only once', () => {
    const files = [{ status: 'failed', assertionResults: [{ status: 'failed' }] }];
    expect(tallyOfVitest(report({ failed: 1 }, files), 1)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  });

  it.each([
    { what: 'there is no report', text: undefined, exitCode: 0, failed: 1 },
    { what: 'the run failed without a failed test', text: report({ passed: 3 }), exitCode: 1, failed: 1 },
    { what: 'the run was killed', text: report({ passed: 3 }), exitCode: undefined, failed: 1 },
    { what: 'there was no test at all', text: report({}), exitCode: 0, failed: 1 },
    { what: 'all is well', text: report({ passed: 3 }), exitCode: 0, failed: 0 },
  ])('has $failed failures when $what', ({ text, exitCode, failed }) => {
    expect(tallyOfVitest(text, exitCode).failed).toBe(failed);
  });
});

describe('the tally of a command', () => {
  it('is in the last line that has one', () => {
    const output = '1 passed, 9 failed\nmore\n12 passed, 0 failed, 3 skipped\nbye\n';
    expect(tallyOfOutput(output, 0)).toEqual({ passed: 12, failed: 0, skipped: 3 });
  });

  it.each([
    { what: 'it says nothing', output: 'hello\n', exitCode: 0 },
    { what: 'it fails after its closing line', output: '2 passed, 0 failed\n', exitCode: 1 },
    { what: 'nothing was checked', output: '0 passed, 0 failed\n', exitCode: 0 },
  ])('has a failure when $what', ({ output, exitCode }) => {
    expect(tallyOfOutput(output, exitCode).failed).toBe(1);
  });
});

it('closes with the sum of all, and with skipped ones only when there are some', () => {
  const one = { passed: 1, failed: 2, skipped: 0 };
  expect(closingLine(sum([one, one]))).toBe('2 passed, 4 failed');
  expect(closingLine(sum([one, { ...one, skipped: 3 }]))).toBe('2 passed, 4 failed, 3 skipped');
});
