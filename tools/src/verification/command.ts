import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';

/** The repository's root. */
export const root = join(import.meta.dirname, '../../..');

/** A program of the verification, run in the repository's root by the Node that runs this. */
export interface Command {
  /** A script for Node, relative to the root, and its arguments. */
  readonly script: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface CommandResult {
  /** Undefined when it was killed, also because it took too long. */
  readonly exitCode: number | undefined;
  /** The end of its standard output. */
  readonly output: string;
}

/** Enough for a closing line and what follows it. */
const keptCharacters = 20_000;

/** How long after a command's end its output may still arrive. */
const drainMs = 2_000;

/** Runs a command to its end, or to its deadline, and streams what it prints. */
export function runCommand({ script, args, env = {}, timeoutMs }: Command): Promise<CommandResult> {
  const { promise, resolve } = Promise.withResolvers<CommandResult>();
  const child = spawn(process.execPath, ['--conditions=@orchestrator/source', join(root, script), ...args], {
    cwd: root,
    // Programs that start `node` by its name get this one.
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output = (output + text).slice(-keptCharacters);
  });
  child.on('error', () => resolve({ exitCode: undefined, output }));
  child.on('close', (exitCode) => resolve({ exitCode: exitCode ?? undefined, output }));
  // A grandchild that holds the pipe open must not hold the verification.
  child.on('exit', (exitCode) => setTimeout(() => resolve({ exitCode: exitCode ?? undefined, output }), drainMs).unref());
  return promise;
}
