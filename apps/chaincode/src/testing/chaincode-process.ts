import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { clearTimeout, setTimeout } from 'node:timers';

const LAUNCHER = join(import.meta.dirname, '../../bin/chaincode');
const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 15_000;
const SHOWN_LINES = 30;

/** The chaincode as operators start it: `bin/chaincode` with its environment. */
export class ChaincodeProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];

  private constructor(environment: Readonly<Record<string, string>>) {
    this.#child = spawn(LAUNCHER, [], { env: { PATH: '/usr/bin:/bin', ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** Resolves when it listens. @throws Error with what it wrote when it ends before. */
  static async start(environment: Readonly<Record<string, string>>): Promise<ChaincodeProcess> {
    const started = new ChaincodeProcess(environment);
    await started.#listening();
    return started;
  }

  async #listening(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(() => reject(new Error(`the chaincode does not start:\n${this.output}`)), START_TIMEOUT_MS);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) throw new Error('the chaincode has no output');
      createInterface(stream).on('line', (line) => {
        this.#lines.push(line);
        if (this.#lines.length > SHOWN_LINES) this.#lines.shift();
        if (line.includes('the chaincode is served')) resolve();
      });
    }
    this.#child.once('exit', (code) => reject(new Error(`the chaincode ended with ${code}:\n${this.output}`)));
    try {
      await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Its last lines. */
  get output(): string {
    return this.#lines.join('\n');
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** @returns the exit code, or the name of the signal that ended it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string | null> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return this.#child.exitCode ?? this.#child.signalCode;
    const ended = once(this.#child, 'exit', { signal: AbortSignal.timeout(STOP_TIMEOUT_MS) });
    this.#child.kill(signal);
    const [code, endSignal] = (await ended) as [number | null, string | null];
    return code ?? endSignal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
