import type { LedgerStub, StateIterator, StatePage } from '../ledger/stub.ts';

/** A part of a world state by itself: all its keys begin with a prefix that those who use it don't see. */
export class PrefixedStub implements LedgerStub {
  readonly #stub: LedgerStub;
  readonly #prefix: string;

  constructor(stub: LedgerStub, prefix: string) {
    this.#stub = stub;
    this.#prefix = prefix;
  }

  getState(key: string): Promise<Uint8Array> {
    return this.#stub.getState(this.#prefix + key);
  }

  putState(key: string, value: Uint8Array): Promise<void> {
    return this.#stub.putState(this.#prefix + key, value);
  }

  async getStateByRange(startKey: string, endKey: string): Promise<StateIterator> {
    return this.#strip(await this.#stub.getStateByRange(this.#prefix + startKey, this.#prefix + endKey));
  }

  async getStateByRangeWithPagination(...[startKey, endKey, size, bookmark]: [string, string, number, string?]): Promise<StatePage> {
    const page = await this.#stub.getStateByRangeWithPagination(this.#prefix + startKey, this.#prefix + endKey, size, bookmark);
    return { ...page, iterator: this.#strip(page.iterator) };
  }

  #strip(iterator: StateIterator): StateIterator {
    return {
      next: async () => {
        const { done, value } = await iterator.next();
        return { done, value: value === undefined ? undefined : { ...value, key: value.key.slice(this.#prefix.length) } };
      },
    };
  }
}
