import { type ChildProcess, fork } from 'node:child_process';
import { on, once } from 'node:events';
import { setPriority } from 'node:os';

/** How a process runs. */
export interface ChildOptions {
  /** How far behind others it stands for a processor, 0 to 19. */
  readonly niceness?: number;
}

/** A process of the benchmark's own, which speaks by messages and ends with its parent. */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;
  readonly #messages: AsyncIterator<unknown>;

  /** @param script the file that it runs. */
  constructor(script: string, { niceness = 0 }: ChildOptions = {}) {
    // Messages hold bytes, which JSON does not.
    this.#process = fork(script, { serialization: 'advanced', stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    if (niceness > 0) setPriority(this.pid, niceness);
    this.#messages = on(this.#process, 'message', { close: ['exit'] });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  send(message: object): void {
    this.#process.send(message);
  }

  /** The next thing that it says. @throws Error when it ends first. */
  async next(): Promise<unknown> {
    const result = await this.#messages.next();
    if (result.done === true) throw new Error('a process of the benchmark ended too early');
    const [message] = result.value as [unknown];
    return message;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await ended;
  }
}
