/** One key with its value, as a range gives it. */
export interface StateEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** What a range scan gives; `next` asks the peer for more when it has to. */
export interface StateIterator {
  next(): Promise<{ readonly done?: boolean | undefined; readonly value?: StateEntry | undefined }>;
}

/** One page of a range. */
export interface StatePage {
  readonly iterator: StateIterator;
  /** The shim leaves it out when the page is empty, whatever its types say. */
  readonly metadata?: {
    readonly fetchedRecordsCount: number;
    /** Where the next page begins; empty when nothing is left. */
    readonly bookmark: string;
  };
}

/**
 * What the ledger needs of the shim's stub. Every call but the iterator's inner steps is a message to the peer and
 * back. A missing key has an empty value; a transaction does not see its own writes.
 */
export interface LedgerStub {
  getState(key: string): Promise<Uint8Array>;
  putState(key: string, value: Uint8Array): Promise<void>;
  /** Keys from `startKey` to before `endKey`, by UTF-8 byte. The peer cuts it silently at its `totalQueryLimit`. */
  getStateByRange(startKey: string, endKey: string): Promise<StateIterator>;
  /** One page of the same. A transaction that asked for one can write nothing. */
  getStateByRangeWithPagination(
    startKey: string,
    endKey: string,
    pageSize: number,
    bookmark?: string,
  ): Promise<StatePage>;
}
