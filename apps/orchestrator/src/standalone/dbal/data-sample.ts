import {
  creationInstant,
  DataSample,
  type DataSampleDbal,
  type DataSampleFilter,
  isUuid,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { byteaArray, integerArray, uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { distinctUuids, lastByKey, queryByKeys } from './keys.ts';
import { afterKey, type Condition, EMPTY_PAGE, type Listing, queryPage } from './page.ts';

const SELECT_BY_KEYS: Statement = {
  name: 'select_data_samples',
  text: 'SELECT key, asset FROM data_samples WHERE channel = $1 AND key = ANY($2::uuid[])',
};

/** Samples ($2 to $4) and their links to data managers ($5 to $7). */
const INSERT: Statement = {
  name: 'insert_data_samples',
  text: `
    WITH samples AS (
      INSERT INTO data_samples (channel, key, created, asset)
      SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::bytea[])
    )
    INSERT INTO data_sample_managers (channel, data_sample_key, data_manager_key, created)
    SELECT $1, * FROM unnest($5::uuid[], $6::uuid[], $7::bigint[])`,
};

/** Every part sees the links as they were: what one deletes is never what another inserts. */
const UPDATE: Statement = {
  name: 'update_data_samples',
  text: `
    WITH samples AS (
      UPDATE data_samples AS stored SET asset = new.asset
      FROM unnest($2::uuid[], $3::bytea[]) AS new (key, asset)
      WHERE stored.channel = $1 AND stored.key = new.key
    ), unlinked AS (
      DELETE FROM data_sample_managers AS link
      WHERE link.channel = $1 AND link.data_sample_key = ANY($2::uuid[])
        AND (link.data_sample_key, link.data_manager_key) NOT IN (SELECT * FROM unnest($4::uuid[], $5::uuid[]))
    )
    INSERT INTO data_sample_managers (channel, data_sample_key, data_manager_key, created)
    SELECT $1, * FROM unnest($4::uuid[], $5::uuid[], $6::bigint[])
    ON CONFLICT DO NOTHING`,
};

const SELECT_KEYS: Statement = {
  name: 'select_data_sample_keys',
  text: `
    SELECT data_sample_key FROM data_sample_managers
    WHERE channel = $1 AND data_manager_key = $2
    ORDER BY created, data_sample_key`,
};

const LISTING: Listing = {
  name: 'query_data_samples',
  rows: 'SELECT created, key, asset AS bytes FROM data_samples',
  where: 'channel = $1',
  order: 'created, key',
};

/** The columns of the links between samples and their data managers. */
function linkColumns(samples: readonly DataSample[]): readonly unknown[] {
  const links = samples.flatMap((sample) =>
    distinctUuids(sample.dataManagerKeys).map((managerKey) => ({ sample, managerKey })),
  );
  return [
    uuidArray(links.map(({ sample }) => sample.key)),
    uuidArray(links.map(({ managerKey }) => managerKey)),
    integerArray(links.map(({ sample }) => creationInstant(sample))),
  ];
}

function encodeAll(samples: readonly DataSample[]): Buffer {
  return byteaArray(samples.map((sample) => DataSample.encode(sample).finish()));
}

export class PostgresDataSampleDbal implements DataSampleDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getDataSamples(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataSample>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: DataSample, keys });
  }

  addDataSamples(samples: readonly DataSample[]): void {
    if (samples.length === 0) return;
    const keys = uuidArray(samples.map(({ key }) => key));
    const created = integerArray(samples.map(creationInstant));
    const parameters = [this.#scope.channelId, keys, created, encodeAll(samples), ...linkColumns(samples)];
    this.#scope.sql.send(INSERT, parameters);
  }

  updateDataSamples(samples: readonly DataSample[]): void {
    const changed = lastByKey(samples);
    if (changed.length === 0) return;
    const keys = uuidArray(changed.map(({ key }) => key));
    this.#scope.sql.send(UPDATE, [this.#scope.channelId, keys, encodeAll(changed), ...linkColumns(changed)]);
  }

  async getDataSampleKeys(dataManagerKey: string): Promise<readonly string[]> {
    if (!isUuid(dataManagerKey)) return [];
    const rows = await this.#scope.sql.query(SELECT_KEYS, [this.#scope.channelId, dataManagerKey]);
    return rows.map(([key]) => key as string);
  }

  async queryDataSamples(filter: DataSampleFilter, page: PageRequest): Promise<Page<DataSample>> {
    const after = afterKey(page.after);
    const conditions: Condition[] = [];
    if (filter.keys !== undefined) {
      const keys = distinctUuids(filter.keys);
      if (keys.length === 0) return EMPTY_PAGE;
      conditions.push({ name: 'keys', text: 'key = ANY(?::uuid[])', values: [uuidArray(keys)] });
    }
    return queryPage(this.#scope, { listing: LISTING, codec: DataSample, filter: conditions, after, page });
  }
}
