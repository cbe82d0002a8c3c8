import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ChaincodeSpec } from '@orchestrator/dev-ledger';
import type { NetworkCall } from './network-client.ts';
import type { NetworkName } from './networks.ts';

/** What the worker is told to start. */
export interface WorkerStart {
  readonly name: NetworkName;
  /** Where the chaincode of all organizations listens. */
  readonly address: string;
  /** Of the package. */
  readonly label: string;
  readonly chaincodes: readonly ChaincodeSpec[];
  /** The organization whose package id is wanted. */
  readonly mspid: string;
}

/** What the worker is asked. */
export type WorkerCall = { readonly id: number } & (
  | { readonly kind: 'submit' | 'evaluate'; readonly call: NetworkCall }
  | { readonly kind: 'close'; readonly call?: undefined }
);

/** What it answers; to no call (0) the package id. */
export type WorkerAnswer = { readonly id: number } & ({ readonly text: string; readonly failure?: undefined } | { readonly failure: string });

/** A network and its clients in a worker thread, see network-worker.ts. */
export class WorkerNetwork implements AsyncDisposable {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, PromiseWithResolvers<string>>();
  #count = 0;

  private constructor(start: WorkerStart) {
    this.#worker = new Worker(new URL('./network-worker.ts', import.meta.url), { workerData: start });
    this.#worker.on('message', (answer: WorkerAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if (answer.failure === undefined) waiting?.resolve(answer.text);
      else waiting?.reject(new Error(answer.failure));
    });
    this.#worker.on('error', (error) => this.#waiting.forEach(({ reject }) => reject(error)));
  }

  /** @returns the network with its chaincodes deployed, and the package id of the chaincode. */
  static async start(start: WorkerStart): Promise<{ readonly network: WorkerNetwork; readonly packageId: string }> {
    const network = new WorkerNetwork(start);
    return { network, packageId: await network.#answer(0) };
  }

  /** See `NetworkClient`. */
  submit(call: NetworkCall): Promise<string> {
    return this.#ask('submit', call);
  }

  /** See `NetworkClient`. */
  evaluate(call: NetworkCall): Promise<string> {
    return this.#ask('evaluate', call);
  }

  #ask(kind: 'submit' | 'evaluate', call: NetworkCall): Promise<string> {
    this.#count += 1;
    const answer = this.#answer(this.#count);
    this.#worker.postMessage({ id: this.#count, kind, call } satisfies WorkerCall);
    return answer;
  }

  #answer(id: number): Promise<string> {
    const waiting = Promise.withResolvers<string>();
    this.#waiting.set(id, waiting);
    return waiting.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#worker, 'exit');
    this.#worker.postMessage({ id: -1, kind: 'close' } satisfies WorkerCall);
    await ended;
  }
}
