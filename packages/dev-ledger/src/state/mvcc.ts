import { peer } from '@hyperledger/fabric-protos';
import { type KeyRead, RangeReads } from './merkle.ts';
import type { NamespaceSet, RangeOfSet } from './rwset-reader.ts';
import { BlockUpdates, type StateDb, type StateEntry, type Version } from './state-db.ts';

const { MVCC_READ_CONFLICT, PHANTOM_READ_CONFLICT, VALID } = peer.TxValidationCode;

/** What a transaction of a block asks of the state: its read-write sets, unless it is invalid for another reason. */
export interface Candidate {
  readonly code: number;
  readonly sets: readonly NamespaceSet[];
}

/**
 * Validates a block's transactions against the state before the block, in their order, each seeing the writes of the
 * valid ones before it: Fabric's rules of serializability.
 */
export function validateBlock(
  state: StateDb,
  block: number,
  candidates: readonly Candidate[],
): { readonly codes: number[]; readonly updates: BlockUpdates } {
  const updates = new BlockUpdates();
  const codes = candidates.map(({ code, sets }, transaction) => {
    if (code !== VALID) return code;
    const found = conflictOf(state, updates, sets);
    if (found === VALID) for (const set of sets) applySet({ state, updates, set, version: { block, transaction } });
    return found;
  });
  return { codes, updates };
}

function conflictOf(state: StateDb, updates: BlockUpdates, sets: readonly NamespaceSet[]): number {
  // All reads come before all ranges: a transaction with both kinds of conflict has code 11.
  for (const { namespace, reads } of sets) {
    if (reads.some((read) => !isCurrent(state, updates, namespace, read))) return MVCC_READ_CONFLICT;
  }
  for (const { namespace, ranges } of sets) {
    if (ranges.some((range) => !isUnchanged(range, updates.overlay(state, namespace, { ...range, includeEnd: !range.exhausted }))))
      return PHANTOM_READ_CONFLICT;
  }
  return VALID;
}

function isCurrent(state: StateDb, updates: BlockUpdates, namespace: string, { key, version }: KeyRead): boolean {
  return updates.get(namespace, key) === undefined && sameVersion(state.get(namespace, key)?.version, version);
}

function isUnchanged({ reads, summary }: RangeOfSet, next: () => StateEntry | undefined): boolean {
  if (summary === undefined) {
    const same = reads.every(({ key, version }) => {
      const entry = next();
      return entry?.key === key && sameVersion(entry.version, version);
    });
    return same && next() === undefined;
  }
  const now = new RangeReads();
  for (let entry = next(); entry !== undefined; entry = next()) now.add(entry);
  const found = now.finish().summary?.serializeBinary();
  return found !== undefined && Buffer.compare(found, summary) === 0;
}

function sameVersion(a: Version | undefined, b: Version | undefined): boolean {
  return a?.block === b?.block && a?.transaction === b?.transaction;
}

function applySet({
  state,
  updates,
  set,
  version,
}: {
  readonly state: StateDb;
  readonly updates: BlockUpdates;
  readonly set: NamespaceSet;
  readonly version: Version;
}): void {
  const { namespace } = set;
  const before = (key: string): StateEntry | undefined => {
    const update = updates.get(namespace, key);
    return update === undefined ? state.get(namespace, key) : update.entry;
  };
  for (const { key, value } of set.writes) {
    const entry = value && { key, value, version, metadata: before(key)?.metadata };
    updates.set(namespace, { key, version, entry });
  }
  for (const { key, metadata } of set.metadataWrites) {
    const entry = before(key);
    if (entry !== undefined) updates.set(namespace, { key, version, entry: { ...entry, version, metadata } });
  }
}
