import type { ChaincodeInterface, ChaincodeResponse, ChaincodeStub } from 'fabric-shim';

type Callback = (stub: ChaincodeStub) => Promise<unknown>;

/** A chaincode whose functions are callbacks of the test that runs it: the test's process is the chaincode's. */
export class CallbackChaincode implements ChaincodeInterface {
  readonly #callbacks = new Map<string, Callback>();
  readonly #outcomes = new Map<string, PromiseSettledResult<unknown>>();
  #count = 0;

  /**
   * Lends a callback a function name while `invoke` runs, which has it called through a peer.
   *
   * @returns what the callback gave at last. @throws what it threw at last, or what `invoke` threw.
   */
  async run<T>(callback: (stub: ChaincodeStub) => Promise<T>, invoke: (name: string) => Promise<unknown>): Promise<T> {
    this.#count += 1;
    const name = `callback${this.#count}`;
    this.#callbacks.set(name, callback);
    try {
      await invoke(name);
    } catch (error) {
      const outcome = this.#outcomes.get(name);
      throw outcome?.status === 'rejected' ? outcome.reason : error;
    } finally {
      this.#callbacks.delete(name);
    }
    const outcome = this.#outcomes.get(name);
    this.#outcomes.delete(name);
    if (outcome?.status !== 'fulfilled') throw new Error('the call went past its callback');
    return outcome.value as T;
  }

  async Init(): Promise<ChaincodeResponse> {
    return { status: 200, message: '', payload: Buffer.alloc(0) };
  }

  async Invoke(stub: ChaincodeStub): Promise<ChaincodeResponse> {
    const { fcn } = stub.getFunctionAndParameters();
    const callback = this.#callbacks.get(fcn);
    if (callback === undefined) return { status: 500, message: `no callback ${fcn}`, payload: Buffer.alloc(0) };
    try {
      this.#outcomes.set(fcn, { status: 'fulfilled', value: await callback(stub) });
      return { status: 200, message: '', payload: Buffer.alloc(0) };
    } catch (error) {
      this.#outcomes.set(fcn, { status: 'rejected', reason: error });
      return { status: 500, message: 'the callback failed', payload: Buffer.alloc(0) };
    }
  }
}
