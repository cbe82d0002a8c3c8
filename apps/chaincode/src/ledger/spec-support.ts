import type { LedgerStub, StateEntry, StateIterator, StatePage } from './stub.ts';

const RECORDS_PER_MESSAGE = 100;

/** What a transaction asked of its peer, in messages. */
export interface MessageCounts {
  get: number;
  put: number;
  /** Range scans, with the messages for more of their records. */
  range: number;
}

/** A world state in memory that treats transactions as a peer does. For unit tests only. */
export class StubLedger {
  /** Where a range outside of pages is cut, silently. */
  queryLimit = 100_000;
  #state = new Map<string, Uint8Array>();

  begin(): StubTransaction {
    return new StubTransaction(this.#state, this.queryLimit);
  }

  commit(transaction: StubTransaction): void {
    this.#state = new Map([...this.#state, ...transaction.writes]);
  }

  /** The whole state as text, in order. */
  dump(): readonly (readonly [key: string, text: string])[] {
    return [...this.#state].map(([key, value]) => [key, Buffer.from(value).toString('utf8')] as const).toSorted(byKey);
  }

  /** Changes every committed value. */
  rewrite(change: (text: string) => string): void {
    this.#state = new Map([...this.#state].map(([key, value]) => [key, Buffer.from(change(Buffer.from(value).toString('utf8')))]));
  }
}

function byKey([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** One simulation: a snapshot without its own writes, and either pages or writes. */
export class StubTransaction implements LedgerStub {
  readonly messages: MessageCounts = { get: 0, put: 0, range: 0 };
  readonly writes = new Map<string, Uint8Array>();
  /** The first keys of the ranges that were asked for. */
  readonly scans: string[] = [];
  readonly #state: ReadonlyMap<string, Uint8Array>;
  readonly #queryLimit: number;
  #hasPaged = false;

  constructor(state: ReadonlyMap<string, Uint8Array>, queryLimit: number) {
    this.#state = state;
    this.#queryLimit = queryLimit;
  }

  async getState(key: string): Promise<Uint8Array> {
    this.messages.get += 1;
    return this.#state.get(key) ?? new Uint8Array(0);
  }

  async putState(key: string, value: Uint8Array): Promise<void> {
    this.messages.put += 1;
    if (this.#hasPaged) throw new Error('Transaction has already performed a paginated query. Writes are not allowed');
    this.writes.set(key, value);
  }

  async getStateByRange(startKey: string, endKey: string): Promise<StateIterator> {
    this.scans.push(startKey);
    const entries = this.#entries(startKey, endKey).slice(0, this.#queryLimit);
    this.messages.range += 1;
    let index = 0;
    return {
      next: async () => {
        const value = entries[index];
        if (index > 0 && index % RECORDS_PER_MESSAGE === 0 && value !== undefined) this.messages.range += 1;
        index += 1;
        return { done: value === undefined, value };
      },
    };
  }

  async getStateByRangeWithPagination(startKey: string, endKey: string, pageSize: number, bookmark = ''): Promise<StatePage> {
    if (this.writes.size > 0) throw new Error('Paginated queries are supported only in a read-only transaction');
    this.#hasPaged = true;
    this.scans.push(startKey);
    this.messages.range += 1;
    const entries = this.#entries(bookmark === '' ? startKey : bookmark, endKey);
    const page = entries.slice(0, pageSize);
    const iterator = page.values();
    return {
      iterator: { next: async () => iterator.next() },
      ...(page.length > 0 && { metadata: { fetchedRecordsCount: page.length, bookmark: entries[pageSize]?.key ?? '' } }),
    };
  }

  #entries(startKey: string, endKey: string): StateEntry[] {
    const inside = (key: string): boolean => compare(key, startKey) >= 0 && compare(key, endKey) < 0;
    return [...this.#state].filter(([key]) => inside(key)).toSorted(byKey).map(([key, value]) => ({ key, value }));
  }
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
