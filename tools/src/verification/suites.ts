import type { Command } from './command.ts';

/** Tests that are a program of their own. It ends with `N passed, N failed[, N skipped]` and a non-zero code for failures. */
export interface CommandSuite extends Command {
  readonly name: string;
}

/** The suites that run after vitest's. */
export const commandSuites: readonly CommandSuite[] = [
  { name: 'end to end', script: 'tools/src/suites/e2e.ts', args: [], timeoutMs: 900_000 },
];
