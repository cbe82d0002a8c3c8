import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProcessGuard } from '@orchestrator/tools';

const STOP_TIMEOUT_MS = 15_000;
const KEPT_CHARACTERS = 8000;

export interface ProcessOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** A shell with what it starts: signals reach all of it, and it has ended when nobody holds its output any more. */
  readonly isGroup?: boolean;
}

/** A program that runs beside the checks until it is disposed of. */
export class BackgroundProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #name: string;
  readonly #isGroup: boolean;
  /** A group outlives whoever interrupts this process at a terminal. */
  readonly #guard: ProcessGuard | undefined;
  #output = '';

  constructor({ command, args, env, cwd, isGroup = false }: ProcessOptions) {
    this.#name = command;
    this.#isGroup = isGroup;
    this.#child = spawn(command, args, { env: { ...process.env, ...env }, cwd, stdio: ['ignore', 'pipe', 'pipe'], detached: isGroup });
    this.#guard = isGroup ? new ProcessGuard() : undefined;
    this.#guard?.watch(this.#child, { isGroup });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#output = `${this.#output}${chunk}`.slice(-KEPT_CHARACTERS);
      });
    }
    this.#child.on('error', (error) => (this.#output += String(error)));
  }

  /** The last that it said. */
  get output(): string {
    return this.#output;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** @throws Error with what it said, when it has ended. */
  assertRunning(): void {
    const { exitCode, signalCode } = this.#child;
    if (this.hasEnded) throw new Error(`${this.#name} ended with ${exitCode ?? signalCode}:\n${this.#output}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    using _guard = this.#guard;
    if (this.hasEnded || this.#child.pid === undefined) return;
    const ended = once(this.#child, this.#isGroup ? 'close' : 'exit');
    this.#kill('SIGTERM');
    const timer = setTimeout(() => this.#kill('SIGKILL'), STOP_TIMEOUT_MS);
    await ended;
    clearTimeout(timer);
  }

  #kill(signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (!this.#isGroup || pid === undefined) this.#child.kill(signal);
    else process.kill(-pid, signal);
  }
}
