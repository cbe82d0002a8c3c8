import { ledger } from '@hyperledger/fabric-protos';
import { keyRead, type KeyRead, type RangeReads } from './merkle.ts';
import { orderKey } from './sorted-map.ts';
import type { Metadata, Version } from './state-db.ts';

const { rwset } = ledger;
const { kvrwset } = rwset;

/** A range that was read, as far as the peer fetched it. */
export interface RangeRead {
  readonly start: string;
  readonly end: string;
  /** The whole range was read: `end` is what was asked for, and not part of it. */
  readonly exhausted: boolean;
  readonly reads: RangeReads;
}

class NamespaceBuilder {
  readonly reads = new Map<string, KeyRead>();
  /** An undefined value deletes. */
  readonly writes = new Map<string, Uint8Array | undefined>();
  readonly metadataWrites = new Map<string, Metadata>();
  readonly ranges = new Map<string, RangeRead>();

  build(): ledger.rwset.kvrwset.KVRWSet {
    const set = new kvrwset.KVRWSet();
    set.setReadsList(sorted(this.reads).map(([, read]) => keyRead(read)));
    set.setRangeQueriesInfoList([...this.ranges.values()].map(rangeInfo));
    set.setWritesList(sorted(this.writes).map(([key, value]) => keyWrite(key, value)));
    set.setMetadataWritesList(sorted(this.metadataWrites).map(([key, metadata]) => metadataWrite(key, metadata)));
    return set;
  }
}

/** Collects what a transaction reads and writes, by namespace. */
export class ReadWriteSetBuilder {
  readonly #namespaces = new Map<string, NamespaceBuilder>();

  read(namespace: string, key: string, version: Version | undefined): void {
    this.#of(namespace).reads.set(key, { key, version });
  }

  /** The last write of a key counts; an empty value is a deletion. */
  write(namespace: string, key: string, value: Uint8Array | undefined): void {
    this.#of(namespace).writes.set(key, value?.length === 0 ? undefined : value);
  }

  writeMetadata(namespace: string, key: string, metadata: Metadata): void {
    this.#of(namespace).metadataWrites.set(key, metadata);
  }

  readRange(namespace: string, range: RangeRead): void {
    const { ranges } = this.#of(namespace);
    const id = JSON.stringify([range.start, range.end, range.exhausted]);
    if (!ranges.has(id)) ranges.set(id, range);
  }

  namespaces(): string[] {
    return [...this.#namespaces.keys()];
  }

  /** The keys that are written, value or metadata. */
  writtenKeys(namespace: string): string[] {
    const { writes, metadataWrites } = this.#of(namespace);
    return [...new Set([...writes.keys(), ...metadataWrites.keys()])];
  }

  /** The whole set as a rwset.TxReadWriteSet, everything sorted by bytes. */
  build(): Uint8Array {
    const all = new rwset.TxReadWriteSet();
    for (const [namespace, builder] of sorted(this.#namespaces)) {
      const one = new rwset.NsReadWriteSet();
      one.setNamespace(namespace);
      one.setRwset(builder.build().serializeBinary());
      all.addNsRwset(one);
    }
    return all.serializeBinary();
  }

  #of(namespace: string): NamespaceBuilder {
    let found = this.#namespaces.get(namespace);
    if (found === undefined) {
      found = new NamespaceBuilder();
      this.#namespaces.set(namespace, found);
    }
    return found;
  }
}

function sorted<V>(map: ReadonlyMap<string, V>): [string, V][] {
  return [...map]
    .map(([key, value]) => ({ ordered: orderKey(key), key, value }))
    .toSorted((a, b) => (a.ordered < b.ordered ? -1 : 1))
    .map(({ key, value }) => [key, value]);
}

function keyWrite(key: string, value: Uint8Array | undefined): ledger.rwset.kvrwset.KVWrite {
  const write = new kvrwset.KVWrite();
  write.setKey(key);
  if (value === undefined) write.setIsDelete(true);
  else write.setValue(value);
  return write;
}

function metadataWrite(key: string, metadata: Metadata): ledger.rwset.kvrwset.KVMetadataWrite {
  const write = new kvrwset.KVMetadataWrite();
  write.setKey(key);
  for (const [name, value] of sorted(metadata)) {
    const entry = new kvrwset.KVMetadataEntry();
    entry.setName(name);
    entry.setValue(value);
    write.addEntries(entry);
  }
  return write;
}

function rangeInfo({ start, end, exhausted, reads }: RangeRead): ledger.rwset.kvrwset.RangeQueryInfo {
  const info = new kvrwset.RangeQueryInfo();
  info.setStartKey(start);
  info.setEndKey(end);
  info.setItrExhausted(exhausted);
  const { reads: raw, summary } = reads.finish();
  if (raw !== undefined) {
    const list = new kvrwset.QueryReads();
    list.setKvReadsList(raw.map(keyRead));
    info.setRawReads(list);
  }
  if (summary !== undefined) info.setReadsMerkleHashes(summary);
  return info;
}
