import { DataManager, type DataManagerDbal, type Page, type PageRequest, type Stored } from '@orchestrator/lib';
import { KeyedAssets } from './keyed-assets.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

export class LedgerDataManagerDbal implements DataManagerDbal {
  readonly #assets: KeyedAssets<DataManager>;

  constructor(transaction: LedgerTransaction) {
    this.#assets = new KeyedAssets(transaction, { kind: 'datamanager', message: 'DataManager', codec: DataManager });
  }

  getDataManagers(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataManager>>> {
    return this.#assets.get(keys);
  }

  addDataManager(dataManager: DataManager): void {
    this.#assets.add([dataManager]);
  }

  updateDataManager(dataManager: DataManager): void {
    this.#assets.replace([dataManager]);
  }

  queryDataManagers(page: PageRequest): Promise<Page<DataManager>> {
    return this.#assets.query(page);
  }
}
