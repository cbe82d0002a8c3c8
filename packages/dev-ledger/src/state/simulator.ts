import type { SignaturePolicy } from '../msp/signature-policy.ts';
import { readPolicy } from '../msp/signature-policy.ts';
import type { HistoryEntry } from './history.ts';
import { RangeReads } from './merkle.ts';
import { type RangeRead, ReadWriteSetBuilder } from './rwset.ts';
import type { Metadata, StateDb, StateEntry } from './state-db.ts';

/** The metadata name under which a key's own endorsement policy is kept. */
export const VALIDATION_PARAMETER = 'VALIDATION_PARAMETER';

/** What a chaincode walks through: records of a range, or the past of a key. */
export interface ResultIterator<T> {
  next: () => T | undefined;
  /** The key after the last record: where the next page starts. Empty when there is none. */
  bookmark: () => string;
}

/** What endorsing these results takes, by namespace. */
export interface Interest {
  readonly namespace: string;
  readonly keyPolicies: readonly SignaturePolicy[];
  /** Every key that is written has a policy of its own: the chaincode's is not asked. */
  readonly onlyKeyPolicies: boolean;
}

/** What a simulation came to. */
export interface SimulationResults {
  /** rwset.TxReadWriteSet. */
  readonly bytes: Uint8Array;
  readonly interests: readonly Interest[];
}

export interface SimulatorOptions {
  readonly state: StateDb;
  readonly history: (namespace: string, key: string) => Iterator<HistoryEntry>;
  readonly transactionId: string;
  /** Releases the lock that keeps the state as it is. */
  readonly release: () => void;
}

/** A transaction's view of the committed state: it never sees its own writes. Errors carry Fabric's words. */
export class TransactionSimulator {
  readonly #options: SimulatorOptions;
  readonly #set = new ReadWriteSetBuilder();
  readonly #ranges: (() => readonly [string, RangeRead] | undefined)[] = [];
  #wrote = false;
  #paginated = false;
  #done = false;

  constructor(options: SimulatorOptions) {
    this.#options = options;
  }

  get(namespace: string, key: string): Uint8Array | undefined {
    return this.#entry(namespace, key)?.value;
  }

  metadata(namespace: string, key: string): Metadata | undefined {
    return this.#entry(namespace, key)?.metadata;
  }

  /** An undefined value deletes. */
  write(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#beforeWrite(key, value);
    this.#set.write(namespace, key, value);
  }

  writeMetadata(namespace: string, key: string, metadata: Metadata): void {
    this.#beforeWrite(key, undefined);
    this.#set.writeMetadata(namespace, key, metadata);
  }

  /** The records from `start` (inclusive) to `end` (exclusive; empty for all that follow). */
  range(namespace: string, bounds: { readonly start: string; readonly end: string }): ResultIterator<StateEntry> {
    this.#checkOpen();
    const walk = this.#options.state.range(namespace, bounds);
    const reads = new RangeReads();
    let last: { readonly end: string; readonly exhausted: boolean } | undefined;
    this.#ranges.push(() => [namespace, { start: bounds.start, end: last?.end ?? '', exhausted: last?.exhausted ?? false, reads }]);
    return {
      next: () => {
        this.#checkOpen();
        const entry = walk();
        if (entry !== undefined) reads.add(entry);
        last = entry === undefined ? { end: bounds.end, exhausted: true } : { end: entry.key, exhausted: false };
        return entry;
      },
      bookmark: () => walk()?.key ?? this.#options.state.rules.lastBookmark(bounds.end),
    };
  }

  page(namespace: string, bounds: { readonly start: string; readonly end: string }): ResultIterator<StateEntry> {
    if (this.#wrote)
      throw new Error(
        `txid [${this.#options.transactionId}]: unsuppored transaction. Paginated queries are supported only in a read-only transaction`,
      );
    this.#paginated = true;
    return this.range(namespace, bounds);
  }

  /** @throws Error always: no state database of this ledger runs rich queries. */
  query(): never {
    throw new Error(this.#options.state.rules.queryRefusal);
  }

  history(namespace: string, key: string): ResultIterator<HistoryEntry> {
    const entries = this.#options.history(namespace, key);
    return { next: () => entries.next().value as HistoryEntry | undefined, bookmark: () => '' };
  }

  results(): SimulationResults {
    for (const range of this.#ranges.splice(0)) {
      const found = range();
      if (found !== undefined) this.#set.readRange(...found);
    }
    return {
      bytes: this.#set.build(),
      interests: this.#set
        .namespaces()
        .filter((one) => one !== '_lifecycle')
        .map((one) => this.#interest(one)),
    };
  }

  /** Ends the view; may be called again. */
  done(): void {
    if (this.#done) return;
    this.#done = true;
    this.#options.release();
  }

  #interest(namespace: string): Interest {
    const keys = this.#set.writtenKeys(namespace);
    const policies = keys.map((key) => this.#options.state.get(namespace, key)?.metadata?.get(VALIDATION_PARAMETER));
    const keyPolicies = policies.map((bytes) => bytes && readPolicy(bytes)).filter((policy) => policy !== undefined);
    return { namespace, keyPolicies, onlyKeyPolicies: keys.length > 0 && keyPolicies.length === keys.length };
  }

  #entry(namespace: string, key: string): StateEntry | undefined {
    this.#checkOpen();
    const entry = this.#options.state.get(namespace, key);
    this.#set.read(namespace, key, entry?.version);
    return entry;
  }

  #beforeWrite(key: string, value: Uint8Array | undefined): void {
    this.#checkOpen();
    if (this.#paginated)
      throw new Error(
        `txid [${this.#options.transactionId}]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed`,
      );
    this.#wrote = true;
    this.#options.state.rules.check(key, value);
  }

  #checkOpen(): void {
    if (this.#done) throw new Error('this instance should not be used after calling Done()');
  }
}
