import { join } from 'node:path';
import { Child } from '../process/child.ts';
import { within } from '../process/clock.ts';
import type { BareSetup } from './setup.ts';

const START_TIMEOUT_MS = 30_000;

/** The limit of what a server on grpc-js and PostgreSQL could do on this machine, in a process of its own. */
export class BareServer implements AsyncDisposable {
  readonly address: string;
  readonly #child: Child;

  private constructor(child: Child, address: string) {
    this.#child = child;
    this.address = address;
  }

  /** @throws Error when it does not start. */
  static async start(setup: BareSetup): Promise<BareServer> {
    const child = new Child(join(import.meta.dirname, 'bare-process.ts'));
    child.send(setup);
    const address = await within(child.next(), START_TIMEOUT_MS, 'the start of a bare server');
    return new BareServer(child, String(address));
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Sends its messages to all streams. */
  go(): void {
    this.#child.send(['go']);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#child[Symbol.asyncDispose]();
  }
}
