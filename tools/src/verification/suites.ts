import { faketimeMissing, findFaketime } from '../faketime.ts';
import { fabricBinariesMissing, findFabricBinaries } from '../fabric/binaries.ts';
import type { Command } from './command.ts';

/** Tests that are a program of their own. It ends with `N passed, N failed[, N skipped]` and a non-zero code for failures. */
export interface CommandSuite extends Command {
  readonly name: string;
}

const hasFabric = findFabricBinaries() !== undefined;

/** The suites that run after vitest's. */
export const commandSuites: readonly CommandSuite[] = [
  { name: 'end to end', script: 'tools/src/suites/e2e.ts', args: [], timeoutMs: 900_000 },
  { name: 'end to end, distributed', script: 'tools/src/suites/e2e-distributed.ts', args: [], timeoutMs: 1_800_000 },
  ...(hasFabric ? [{ name: 'real Fabric network', script: 'tools/src/suites/fabric.ts', args: [], timeoutMs: 3_600_000 }] : []),
];

/** What this machine cannot run, a line each: said loudly in the summary. */
export const notRun: readonly string[] = [
  ...(hasFabric ? [] : [fabricBinariesMissing]),
  ...(findFaketime() === undefined ? [faketimeMissing] : []),
];
