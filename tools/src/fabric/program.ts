import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ProcessGuard } from './process-guard.ts';

const execute = promisify(execFile);

const STOP_TIMEOUT_MS = 20_000;
const POLL_INTERVAL_MS = 25;
const SHOWN_CHARACTERS = 3_000;

/** A program that runs until it is stopped, and can be started again. */
export interface ProgramOptions {
  /** What messages call it. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Its output is appended here. */
  readonly logFile: string;
  readonly guard: ProcessGuard;
  /** Whether it can be used by now. */
  readonly isReady: () => Promise<boolean>;
  readonly readyTimeoutMs: number;
}

/** A process of the network: started, killed and started again, with its log in a file. */
export class Program {
  readonly #options: ProgramOptions;
  #child: ChildProcess | undefined;

  constructor(options: ProgramOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The process's id while it runs. */
  get pid(): number | undefined {
    return this.isRunning ? this.#child?.pid : undefined;
  }

  /**
   * Starts it and waits until it can be used; does nothing while it runs.
   *
   * @param env what differs in its environment this time.
   * @throws Error with the end of its log when it ends or is not ready in time; it is then stopped.
   */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.isRunning) return;
    const { file, args, folder, logFile, guard } = this.#options;
    const log = openSync(logFile, 'a');
    const base = { PATH: process.env['PATH'] ?? '', LANG: 'C.UTF-8', ...this.#options.env, ...env };
    // A group of its own: an interrupt at the terminal must not end it before this process has put it in order.
    const child = spawn(file, [...args], { cwd: folder, env: base, detached: true, stdio: ['ignore', log, log] });
    closeSync(log);
    this.#child = child;
    await once(child, 'spawn');
    guard.watch(child);
    await this.#waitUntilReady();
  }

  /** Ends it, by SIGTERM unless told otherwise, and after 20 s by SIGKILL; does nothing when it has ended. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.isRunning) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    const isLate = await Promise.race([ended.then(() => false), delay(STOP_TIMEOUT_MS, true, { ref: false })]);
    if (!isLate) return;
    child.kill('SIGKILL');
    await ended;
  }

  /** The end of what it printed. */
  logTail(): string {
    const { logFile } = this.#options;
    return existsSync(logFile) ? readFileSync(logFile, 'utf8').slice(-SHOWN_CHARACTERS) : '';
  }

  async #waitUntilReady(): Promise<void> {
    const deadlineMs = Date.now() + this.#options.readyTimeoutMs;
    while (!(await this.#options.isReady())) {
      const isLate = Date.now() > deadlineMs;
      if (this.isRunning && !isLate) {
        await delay(POLL_INTERVAL_MS);
        continue;
      }
      const problem = isLate ? `is not ready after ${this.#options.readyTimeoutMs} ms` : 'ended';
      await this.stop('SIGKILL');
      throw new Error(`${this.name} ${problem}; the end of its log:\n${this.logTail()}`);
    }
  }
}

/** A command that runs to its end. */
export interface CommandOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a command, for two minutes at most.
 *
 * @returns what it printed on its standard output.
 * @throws Error with the command and what it printed as errors.
 */
export async function runTool({ file, args, folder, env = {} }: CommandOptions): Promise<string> {
  try {
    const options = { cwd: folder, env: { PATH: process.env['PATH'] ?? '', ...env }, timeout: 120_000, maxBuffer: 64 * 1024 * 1024 };
    return (await execute(file, [...args], options)).stdout;
  } catch (error) {
    const printed = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    throw new Error(`${file} ${args.join(' ')} failed:\n${printed.slice(-SHOWN_CHARACTERS)}`);
  }
}

/** Polls until `isTrue`; the condition's last error is told when time is up. */
export async function waitUntil(what: string, timeoutMs: number, isTrue: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  let problem: unknown;
  for (;;) {
    try {
      if (await isTrue()) return;
    } catch (error) {
      problem = error;
    }
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: problem });
    await delay(POLL_INTERVAL_MS);
  }
}
