import { orderKey, SortedMap } from './sorted-map.ts';
import { levelDbRules, type StateRules } from './state-rules.ts';

/** Where a key was last written: the block's number and the transaction's index in it. */
export interface Version {
  readonly block: number;
  readonly transaction: number;
}

/** A key's metadata by name: its own endorsement policy. */
export type Metadata = ReadonlyMap<string, Uint8Array>;

/** A key that exists. */
export interface StateEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly metadata: Metadata | undefined;
  readonly version: Version;
}

/** What a block does to a key: an entry, or undefined for none any more. */
export interface StateUpdate {
  readonly key: string;
  readonly version: Version;
  readonly entry: StateEntry | undefined;
}

/** The keys from `start` on, up to `end`. */
export interface RangeBounds {
  readonly start: string;
  /** Empty for all that follow. */
  readonly end: string;
  readonly includeEnd?: boolean;
}

/** The committed state of a channel at one peer: keys by namespace, in the order of their bytes. */
export class StateDb {
  readonly rules: StateRules;
  readonly #namespaces = new Map<string, SortedMap<StateEntry>>();

  constructor(rules: StateRules = levelDbRules) {
    this.rules = rules;
  }

  get(namespace: string, key: string): StateEntry | undefined {
    return this.#namespaces.get(namespace)?.get(orderKey(key));
  }

  /** Walks the entries of a range. */
  range(namespace: string, bounds: RangeBounds): () => StateEntry | undefined {
    const next = this.#namespaces.get(namespace)?.walk(orderKey(bounds.start));
    const inside = endTest(bounds);
    return () => {
      const found = next?.();
      return found !== undefined && inside(found[0]) ? found[1] : undefined;
    };
  }

  apply(updates: BlockUpdates): void {
    for (const [namespace, changed] of updates.namespaces()) {
      let entries = this.#namespaces.get(namespace);
      if (entries === undefined) {
        entries = new SortedMap();
        this.#namespaces.set(namespace, entries);
      }
      for (const [ordered, { entry }] of changed) {
        if (entry === undefined) entries.delete(ordered);
        else entries.set(ordered, { ...entry, value: this.rules.stored(entry.value) });
      }
    }
  }

  /** The number of keys in all namespaces. */
  get size(): number {
    return [...this.#namespaces.values()].reduce((sum, { size }) => sum + size, 0);
  }
}

/** What the valid transactions of a block, as far as they are looked at, do to the state. */
export class BlockUpdates {
  readonly #namespaces = new Map<string, SortedMap<StateUpdate>>();

  get(namespace: string, key: string): StateUpdate | undefined {
    return this.#namespaces.get(namespace)?.get(orderKey(key));
  }

  set(namespace: string, update: StateUpdate): void {
    let updates = this.#namespaces.get(namespace);
    if (updates === undefined) {
      updates = new SortedMap();
      this.#namespaces.set(namespace, updates);
    }
    updates.set(orderKey(update.key), update);
  }

  *namespaces(): Generator<readonly [string, Iterable<readonly [string, StateUpdate]>]> {
    for (const [namespace, updates] of this.#namespaces) yield [namespace, all(updates)];
  }

  /** Walks the range as it will be after these updates: the state's entries and, before them, the block's own. */
  overlay(state: StateDb, namespace: string, bounds: RangeBounds): () => StateEntry | undefined {
    const updates = this.#namespaces.get(namespace);
    const fromState = state.range(namespace, bounds);
    if (updates === undefined) return fromState;
    return merge(fromState, within(updates, bounds));
  }
}

function* all<V>(map: SortedMap<V>): Generator<readonly [string, V]> {
  const next = map.walk('');
  for (let found = next(); found !== undefined; found = next()) yield found;
}

function within(updates: SortedMap<StateUpdate>, bounds: RangeBounds): () => StateUpdate | undefined {
  const next = updates.walk(orderKey(bounds.start));
  const inside = endTest(bounds);
  return () => {
    const found = next();
    return found !== undefined && inside(found[0]) ? found[1] : undefined;
  };
}

function merge(fromState: () => StateEntry | undefined, fromBlock: () => StateUpdate | undefined): () => StateEntry | undefined {
  let committed = fromState();
  let updated = fromBlock();
  return () => {
    for (;;) {
      if (updated === undefined || (committed !== undefined && orderKey(committed.key) < orderKey(updated.key))) {
        const entry = committed;
        committed = fromState();
        return entry;
      }
      if (committed?.key === updated.key) committed = fromState();
      const { entry } = updated;
      updated = fromBlock();
      if (entry !== undefined) return entry;
    }
  };
}

function endTest({ end, includeEnd = false }: RangeBounds): (ordered: string) => boolean {
  const last = orderKey(end);
  if (end === '' && !includeEnd) return () => true;
  return includeEnd ? (ordered) => ordered <= last : (ordered) => ordered < last;
}
