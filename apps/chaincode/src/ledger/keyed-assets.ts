import { formatRank, type MessageCodec, type Page, type PageRequest, parseRank, type Stored } from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import { scanRanks } from './index-scan.ts';
import { type AssetName, indexPrefix } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { type Candidate, cutPage } from './page.ts';

interface Keyed {
  readonly key: string;
}

interface KeyedKind<T> {
  readonly kind: AssetName;
  readonly message: string;
  readonly codec: MessageCodec<T>;
}

/** Assets that are known by a key and listed by creation date then key. */
export class KeyedAssets<T extends Keyed> {
  readonly store: AssetStore<T>;
  readonly #transaction: LedgerTransaction;
  readonly #created: string;

  constructor(transaction: LedgerTransaction, kind: KeyedKind<T>) {
    this.#transaction = transaction;
    this.store = new AssetStore(transaction, kind);
    this.#created = indexPrefix('created', kind.kind);
  }

  get(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<T>>> {
    return this.store.get(keys);
  }

  /** Adds assets and their entry in the order of creation. */
  add(assets: readonly T[]): void {
    this.#transaction.later(async () => {
      for (const asset of assets) await this.store.add([asset.key], asset);
      this.#transaction.append(this.#created, assets.map((asset) => JSON.stringify(asset.key)));
    });
  }

  replace(assets: readonly T[]): void {
    this.#transaction.later(async () => {
      for (const asset of assets) await this.store.replace(asset.key, () => ({ asset }));
    });
  }

  /** One page of those that `keep` keeps. @throws OrchestrationError OE0003 */
  query(page: PageRequest, keep?: (asset: T) => boolean): Promise<Page<T>> {
    return pageOfKeys({ transaction: this.#transaction, store: this.store, page, prefix: this.#created, keep });
  }
}

/** What a listing shows, and where from. */
export interface KeyListing<T> {
  readonly transaction: LedgerTransaction;
  readonly store: AssetStore<T>;
  readonly page: PageRequest;
  /** The index to go through. Its items are keys, or lists that begin with one. */
  readonly prefix: string;
  readonly keep?: ((asset: T) => boolean) | undefined;
}

/** A page of the assets that an index names. @throws OrchestrationError OE0003 */
export async function pageOfKeys<T>(listing: KeyListing<T>): Promise<Page<T>> {
  const after = parseRank(listing.page.after);
  await listing.transaction.settled();
  return cutPage(candidates(listing, scanRanks(listing.transaction, { prefix: listing.prefix, after })), listing.page);
}

async function* candidates<T>(
  { store, keep }: KeyListing<T>,
  ranks: ReturnType<typeof scanRanks>,
): AsyncGenerator<Candidate<T>, void, undefined> {
  for await (const rank of ranks) {
    yield {
      cursor: formatRank(rank),
      load: async () => {
        const [key = ''] = rank.texts;
        const record = await store.getRecord(key);
        if (record === undefined) throw new Error(`an index names ${key}, which does not exist`);
        return keep === undefined || keep(record.stored.value) ? record.stored : undefined;
      },
    };
  }
}
