import { formatStored, isUuid, type MessageCodec, parseStored, Stored } from '@orchestrator/lib';
import { type AssetName, assetKey } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** What a value may hold beside the asset itself, when that saves reading something else. */
export type Extras = Readonly<Record<string, boolean | readonly string[]>>;

/** A stored asset and what stands beside it. */
export interface AssetRecord<T> {
  readonly stored: Stored<T>;
  readonly extras: Extras;
}

interface AssetKind<T> {
  readonly kind: AssetName;
  /** The message's name in the contract. */
  readonly message: string;
  readonly codec: MessageCodec<T>;
}

const NO_EXTRAS: Extras = {};

/**
 * The values of one kind of asset: `{"asset": <protobuf JSON>, "doc_type": "…"}`, names sorted, so that operators and
 * a CouchDB can read them, and a CouchDB that sorts names gives back the same.
 */
export class AssetStore<T> {
  readonly #transaction: LedgerTransaction;
  readonly #kind: AssetKind<T>;
  /** What was read or written in this transaction, so that nothing is parsed twice. */
  readonly #records = new Map<string, { readonly text: string; readonly record: AssetRecord<T> }>();

  constructor(transaction: LedgerTransaction, kind: AssetKind<T>) {
    this.#transaction = transaction;
    this.#kind = kind;
  }

  /** Those of the keys that exist, by key. Keys that are no UUIDs are not asked for. */
  async get(keys: readonly string[]): Promise<Map<string, Stored<T>>> {
    await this.#transaction.settled();
    const wanted = [...new Set(keys)].filter(isUuid);
    const records = await Promise.all(wanted.map((key) => this.getRecord(key)));
    const found = new Map<string, Stored<T>>();
    for (const [index, key] of wanted.entries()) {
      const record = records[index];
      if (record !== undefined) found.set(key, record.stored);
    }
    return found;
  }

  /** One record, for work that is queued already. */
  async getRecord(...parts: readonly string[]): Promise<AssetRecord<T> | undefined> {
    const key = assetKey(this.#kind.kind, ...parts);
    const text = await this.#transaction.get(key);
    if (text === undefined) return undefined;
    const known = this.#records.get(key);
    if (known !== undefined && known.text === text) return known.record;
    const record = this.#parse(text);
    this.#records.set(key, { text, record });
    return record;
  }

  /** Adds an asset, in queued work. @throws Error when there is one of that key. */
  async add(parts: readonly string[], asset: T, extras = NO_EXTRAS): Promise<void> {
    const key = assetKey(this.#kind.kind, ...parts);
    if ((await this.#transaction.get(key)) !== undefined) throw new Error(`there is an asset ${key} already`);
    this.write(parts, asset, extras);
  }

  /** Replaces an asset and keeps what stands beside it, in queued work. @throws Error when there is none. */
  async replace(key: string, change: (record: AssetRecord<T>) => { readonly asset: T; readonly extras?: Extras }): Promise<void> {
    const record = await this.getRecord(key);
    if (record === undefined) throw new Error(`there is no ${this.#kind.kind} ${key} to replace`);
    const { asset, extras = record.extras } = change(record);
    this.write([key], asset, extras);
  }

  /** Writes an asset, whatever was there. */
  write(parts: readonly string[], asset: T, extras = NO_EXTRAS): void {
    const { kind, message, codec } = this.#kind;
    const stored = Stored.of(codec, asset);
    const members = Object.entries({ ...extras, doc_type: kind }).map(([name, value]) => [name, JSON.stringify(value)] as const);
    members.push(['asset', formatStored(message, stored.bytes)]);
    const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
    const text = `{${sorted.map(([name, value]) => `"${name}":${value}`).join(',')}}`;
    const key = assetKey(kind, ...parts);
    this.#transaction.put(key, text);
    this.#records.set(key, { text, record: { stored, extras } });
  }

  #parse(text: string): AssetRecord<T> {
    const { message, codec } = this.#kind;
    const { asset, doc_type: _docType, ...extras } = JSON.parse(text) as Extras & { readonly asset: unknown };
    return { stored: new Stored(codec, parseStored(message, asset)), extras };
  }
}
