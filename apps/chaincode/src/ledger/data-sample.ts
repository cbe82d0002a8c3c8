import {
  compareRanks,
  creationInstant,
  DataSample,
  type DataSampleDbal,
  type DataSampleFilter,
  isUuid,
  type Page,
  type PageRequest,
  type Rank,
  type Stored,
} from '@orchestrator/lib';
import { pageOfChosen } from './chosen-page.ts';
import { scanIndex } from './index-scan.ts';
import { indexPrefix } from './keys.ts';
import { KeyedAssets } from './keyed-assets.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** The index of a data manager's samples: items are pairs of a sample's creation instant and its key. */
function managerPrefix(dataManagerKey: string): string {
  return indexPrefix('manager', dataManagerKey);
}

export class LedgerDataSampleDbal implements DataSampleDbal {
  readonly #transaction: LedgerTransaction;
  readonly #assets: KeyedAssets<DataSample>;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
    this.#assets = new KeyedAssets(transaction, { kind: 'datasample', message: 'DataSample', codec: DataSample });
  }

  getDataSamples(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataSample>>> {
    return this.#assets.get(keys);
  }

  addDataSamples(samples: readonly DataSample[]): void {
    this.#assets.add(samples);
    for (const sample of samples) this.#index(sample, sample.dataManagerKeys);
  }

  updateDataSamples(samples: readonly DataSample[]): void {
    this.#transaction.later(async () => {
      for (const sample of samples) {
        await this.#assets.store.replace(sample.key, ({ stored }) => {
          const known = new Set(stored.value.dataManagerKeys);
          this.#index(sample, sample.dataManagerKeys.filter((key) => !known.has(key)));
          return { asset: sample };
        });
      }
    });
  }

  #index(sample: DataSample, dataManagerKeys: readonly string[]): void {
    const item = JSON.stringify([String(creationInstant(sample)), sample.key]);
    for (const key of dataManagerKeys) this.#transaction.append(managerPrefix(key), [item]);
  }

  async getDataSampleKeys(dataManagerKey: string): Promise<readonly string[]> {
    await this.#transaction.settled();
    if (!isUuid(dataManagerKey)) return [];
    const ranks: Rank[] = [];
    for await (const { items } of scanIndex(this.#transaction, managerPrefix(dataManagerKey))) {
      for (const [instant, key] of items as readonly (readonly [string, string])[]) {
        ranks.push({ instant: BigInt(instant), texts: [key] });
      }
    }
    return ranks.toSorted(compareRanks).flatMap(({ texts }) => texts);
  }

  queryDataSamples({ keys }: DataSampleFilter, page: PageRequest): Promise<Page<DataSample>> {
    if (keys === undefined) return this.#assets.query(page);
    return pageOfChosen(() => this.#assets.get(keys), page);
  }
}
