import {
  creationInstant,
  DataManager,
  type DataManagerDbal,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { queryByKeys } from './keys.ts';
import { afterKey, type Listing, queryPage } from './page.ts';

const SELECT_BY_KEYS: Statement = {
  name: 'select_data_managers',
  text: 'SELECT key, asset FROM data_managers WHERE channel = $1 AND key = ANY($2::uuid[])',
};

const INSERT: Statement = {
  name: 'insert_data_manager',
  text: 'INSERT INTO data_managers (channel, key, created, asset) VALUES ($1, $2, $3, $4)',
};

const UPDATE: Statement = {
  name: 'update_data_manager',
  text: 'UPDATE data_managers SET asset = $3 WHERE channel = $1 AND key = $2',
};

const LISTING: Listing = {
  name: 'query_data_managers',
  rows: 'SELECT created, key, asset AS bytes FROM data_managers',
  where: 'channel = $1',
  order: 'created, key',
};

export class PostgresDataManagerDbal implements DataManagerDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getDataManagers(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataManager>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: DataManager, keys });
  }

  addDataManager(dataManager: DataManager): void {
    const bytes = DataManager.encode(dataManager).finish();
    this.#scope.sql.send(INSERT, [this.#scope.channelId, dataManager.key, creationInstant(dataManager), bytes]);
  }

  updateDataManager(dataManager: DataManager): void {
    const bytes = DataManager.encode(dataManager).finish();
    this.#scope.sql.send(UPDATE, [this.#scope.channelId, dataManager.key, bytes]);
  }

  async queryDataManagers(page: PageRequest): Promise<Page<DataManager>> {
    const after = afterKey(page.after);
    return queryPage(this.#scope, { listing: LISTING, codec: DataManager, filter: [], after, page });
  }
}
