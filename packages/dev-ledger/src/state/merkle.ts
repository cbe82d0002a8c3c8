import { ledger } from '@hyperledger/fabric-protos';
import { sha256 } from '../crypto/ecdsa.ts';
import type { Version } from './state-db.ts';

const { kvrwset } = ledger.rwset;
type QueryReadsMerkleSummary = ledger.rwset.kvrwset.QueryReadsMerkleSummary;

/** A key that was read, and its version then. */
export interface KeyRead {
  readonly key: string;
  /** Undefined when there was no such key. */
  readonly version: Version | undefined;
}

/** More reads of one range than this are written down as hashes. */
export const MAX_DEGREE = 50;

/** The reads of a range: as they are while they are few, then as a Merkle tree whose leaves are hashes of 51 reads each. */
export class RangeReads {
  #pending: KeyRead[] = [];
  readonly #levels = new Map<number, Buffer[]>();
  #top = 1;

  add(read: KeyRead): void {
    this.#pending.push(read);
    if (this.#pending.length > MAX_DEGREE) this.#hashPending();
  }

  /** Ends the reads: one of the two, or neither when there were none. */
  finish(): { readonly reads?: readonly KeyRead[]; readonly summary?: QueryReadsMerkleSummary } {
    if (this.#levels.size === 0) return this.#pending.length === 0 ? {} : { reads: this.#pending };
    if (this.#pending.length > 0) this.#hashPending();
    this.#close();
    const summary = new kvrwset.QueryReadsMerkleSummary();
    summary.setMaxDegree(MAX_DEGREE);
    summary.setMaxLevel(this.#top);
    summary.setMaxLevelHashesList(this.#levels.get(this.#top) ?? []);
    return { summary };
  }

  #hashPending(): void {
    const reads = new kvrwset.QueryReads();
    reads.setKvReadsList(this.#pending.map(keyRead));
    this.#pending = [];
    this.#push(1, sha256(reads.serializeBinary()));
  }

  #push(level: number, hash: Buffer): void {
    const hashes = [...(this.#levels.get(level) ?? []), hash];
    this.#levels.set(level, hashes);
    this.#top = Math.max(this.#top, level);
    if (hashes.length <= MAX_DEGREE) return;
    this.#levels.delete(level);
    this.#push(level + 1, sha256(...hashes));
  }

  #close(): void {
    for (let level = 1; level < this.#top; level += 1) {
      const hashes = this.#levels.get(level) ?? [];
      const [only] = hashes;
      if (only === undefined) continue;
      this.#levels.delete(level);
      this.#levels.set(level + 1, [...(this.#levels.get(level + 1) ?? []), hashes.length === 1 ? only : sha256(...hashes)]);
    }
    const last = this.#levels.get(this.#top) ?? [];
    if (last.length <= MAX_DEGREE) return;
    this.#levels.delete(this.#top);
    this.#top += 1;
    this.#levels.set(this.#top, [sha256(...last)]);
  }
}

/** The read as a kvrwset.KVRead. */
export function keyRead({ key, version }: KeyRead): ledger.rwset.kvrwset.KVRead {
  const read = new kvrwset.KVRead();
  read.setKey(key);
  if (version !== undefined) {
    const height = new kvrwset.Version();
    height.setBlockNum(version.block);
    height.setTxNum(version.transaction);
    read.setVersion(height);
  }
  return read;
}
