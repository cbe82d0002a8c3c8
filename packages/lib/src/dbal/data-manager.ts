import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';

/** Data managers of the transaction's channel. */
export interface DataManagerDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getDataManagers(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataManager>>>;
  addDataManager(dataManager: DataManager): void;
  /** Replaces the stored data manager of the same key. */
  updateDataManager(dataManager: DataManager): void;
  /** By creation date then key. */
  queryDataManagers(page: PageRequest): Promise<Page<DataManager>>;
}
