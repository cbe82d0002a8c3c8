import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

/** One program run. */
export interface Run {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Where standard output goes instead of into the result. */
  readonly outputFile?: string;
  readonly timeoutMs?: number;
}

export interface Result {
  /** Null when a signal ended it, as after the time limit. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 120_000;

/** Runs a program to its end, whatever that is. @throws Error when it cannot be started. */
export async function run({ command, args, cwd, env, input, outputFile, timeoutMs = DEFAULT_TIMEOUT_MS }: Run): Promise<Result> {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: 'pipe',
    signal: AbortSignal.timeout(timeoutMs),
    killSignal: 'SIGKILL',
  });
  // A program that does not read its input is no fault of the run.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? '');
  let stdout = '';
  let stderr = '';
  const written = outputFile === undefined ? undefined : pipeline(child.stdout, createWriteStream(outputFile));
  if (written === undefined) child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    await written;
    return { code, stdout, stderr };
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') {
      return { code: null, stdout, stderr: `${stderr}\n${command} was ended after ${timeoutMs} ms` };
    }
    throw error;
  }
}

/** Runs a program that has to succeed. @returns what it printed. @throws Error with the end of what it said instead. */
export async function runOk(options: Run): Promise<string> {
  const { code, stdout, stderr } = await run(options);
  if (code === 0) return stdout;
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-60).join('\n');
  throw new Error(`${options.command} ${options.args.join(' ')} ended with ${code}:\n${said}`);
}
