/** Runs a development ledger until it is told to end (SIGINT, SIGTERM). */
import process from 'node:process';
import { CommanderError } from 'commander';
import { runCommandLine } from './command-line.ts';

try {
  const started = await runCommandLine(process.argv.slice(2));
  if (started !== undefined) {
    const end = (): void => {
      void started.ledger[Symbol.asyncDispose]();
    };
    process.once('SIGINT', end).once('SIGTERM', end);
    process.stdout.write(`${started.ready}\n`);
  }
} catch (error) {
  if (!(error instanceof CommanderError)) process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = error instanceof CommanderError ? error.exitCode : 1;
}
