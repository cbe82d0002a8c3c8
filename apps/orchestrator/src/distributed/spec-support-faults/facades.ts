import type { ServerProcess } from '@orchestrator/tools';
import type { SpecClient } from '../../spec-client.ts';
import type { Servers } from '../../spec-support-faults/servers.ts';
import type { SpecLedger } from '../spec-support-servers.ts';

interface Facade {
  server: ServerProcess;
  client: SpecClient;
}

/** Servers in front of one ledger that may be killed, and come back at other addresses. */
export class Facades implements Servers {
  readonly #ledger: SpecLedger;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #facades: Facade[] = [];

  private constructor(ledger: SpecLedger, environment: Readonly<Record<string, string>>) {
    this.#ledger = ledger;
    this.#environment = environment;
  }

  static async start({ ledger, count, environment }: { readonly ledger: SpecLedger; readonly count: number; readonly environment: Readonly<Record<string, string>> }): Promise<Facades> {
    const facades = new Facades(ledger, environment);
    for (let index = 0; index < count; index += 1) facades.#facades.push(await facades.#startOne());
    return facades;
  }

  get count(): number {
    return this.#facades.length;
  }

  /** A client of the facade of that place as it is now. */
  client(index: number): SpecClient {
    return this.#at(index).client;
  }

  /** `host:port` of the facade of that place as it is now. */
  address(index: number): string {
    return this.#at(index).server.grpcAddress;
  }

  /** Kills a facade with -9 and starts another in its place, after a pause. */
  async replace(index: number, pause: () => Promise<void>): Promise<void> {
    const facade = this.#at(index);
    facade.server.kill('SIGKILL');
    await facade.server.ended();
    await pause();
    Object.assign(facade, await this.#startOne());
  }

  async #startOne(): Promise<Facade> {
    const server = await this.#ledger.startServer(this.#environment);
    return { server, client: this.#ledger.clientOf(server) };
  }

  #at(index: number): Facade {
    const facade = this.#facades[index % this.#facades.length];
    if (facade === undefined) throw new Error('there is no facade');
    return facade;
  }
}
