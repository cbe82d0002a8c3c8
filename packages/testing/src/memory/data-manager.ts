import { DataManager, type DataManagerDbal, type Page, type PageRequest, type Stored } from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import { pageOfRows } from './page.ts';
import type { Row, Table } from './table.ts';

export class MemoryDataManagerDbal implements DataManagerDbal {
  readonly #dataManagers: Table<Row<DataManager>>;

  constructor(dataManagers: Table<Row<DataManager>>) {
    this.#dataManagers = dataManagers;
  }

  async getDataManagers(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataManager>>> {
    return this.#dataManagers.getStored(keys);
  }

  addDataManager(dataManager: DataManager): void {
    this.#dataManagers.add(assetRow(DataManager, dataManager));
  }

  updateDataManager(dataManager: DataManager): void {
    this.#dataManagers.replace(assetRow(DataManager, dataManager));
  }

  async queryDataManagers(page: PageRequest): Promise<Page<DataManager>> {
    return pageOfRows(this.#dataManagers.ordered(), page);
  }
}
