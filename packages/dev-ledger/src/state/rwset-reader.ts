import { ledger } from '@hyperledger/fabric-protos';
import type { KeyRead } from './merkle.ts';
import type { Metadata } from './state-db.ts';

const { rwset } = ledger;

/** A range of a transaction's read set: the reads themselves or, of many, their Merkle summary. */
export interface RangeOfSet {
  readonly start: string;
  readonly end: string;
  readonly exhausted: boolean;
  readonly reads: readonly KeyRead[];
  readonly summary: Uint8Array | undefined;
}

/** What a transaction reads and writes in one namespace. */
export interface NamespaceSet {
  readonly namespace: string;
  readonly reads: readonly KeyRead[];
  readonly ranges: readonly RangeOfSet[];
  readonly writes: readonly { readonly key: string; readonly value: Uint8Array | undefined }[];
  readonly metadataWrites: readonly { readonly key: string; readonly metadata: Metadata }[];
}

/**
 * Reads a rwset.TxReadWriteSet.
 * @throws Error when it is none.
 */
export function readReadWriteSet(bytes: Uint8Array): NamespaceSet[] {
  return rwset.TxReadWriteSet.deserializeBinary(bytes)
    .getNsRwsetList()
    .map((one) => namespaceSet(one.getNamespace(), rwset.kvrwset.KVRWSet.deserializeBinary(one.getRwset_asU8())));
}

function namespaceSet(namespace: string, set: ledger.rwset.kvrwset.KVRWSet): NamespaceSet {
  return {
    namespace,
    reads: set.getReadsList().map(toKeyRead),
    ranges: set.getRangeQueriesInfoList().map((info) => ({
      start: info.getStartKey(),
      end: info.getEndKey(),
      exhausted: info.getItrExhausted(),
      reads: info.getRawReads()?.getKvReadsList().map(toKeyRead) ?? [],
      summary: info.getReadsMerkleHashes()?.serializeBinary(),
    })),
    writes: set.getWritesList().map((write) => ({ key: write.getKey(), value: write.getIsDelete() ? undefined : write.getValue_asU8() })),
    metadataWrites: set.getMetadataWritesList().map((write) => ({
      key: write.getKey(),
      metadata: new Map(write.getEntriesList().map((entry) => [entry.getName(), entry.getValue_asU8()])),
    })),
  };
}

function toKeyRead(read: ledger.rwset.kvrwset.KVRead): KeyRead {
  const version = read.getVersion();
  return { key: read.getKey(), version: version && { block: version.getBlockNum(), transaction: version.getTxNum() } };
}
