import { MissingTool } from './tools.ts';

/** One thing that is looked at. It throws when it is not as it should be. */
export interface Check {
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface Outcome {
  readonly passed: number;
  readonly failed: readonly string[];
  /** Not checked, with the reason. */
  readonly missing: readonly string[];
}

/** Runs checks one after another and says how each went. */
export async function runChecks(checks: readonly Check[], say: (line: string) => void): Promise<Outcome> {
  const failed: string[] = [];
  const missing: string[] = [];
  for (const check of checks) {
    try {
      await check.run();
      say(`ok       ${check.name}`);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const isMissing = error instanceof MissingTool;
      (isMissing ? missing : failed).push(`${check.name}: ${message}`);
      say(`${isMissing ? 'MISSING ' : 'FAILED  '} ${check.name}: ${message}`);
    }
  }
  return { passed: checks.length - failed.length - missing.length, failed, missing };
}

/** @throws Error with all sentences, if there are any. */
export function expectNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'));
}
