import {
  DataSample,
  type DataSampleDbal,
  type DataSampleFilter,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import { pageOfRows } from './page.ts';
import type { Row, Table } from './table.ts';

export class MemoryDataSampleDbal implements DataSampleDbal {
  readonly #samples: Table<Row<DataSample>>;

  constructor(samples: Table<Row<DataSample>>) {
    this.#samples = samples;
  }

  async getDataSamples(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataSample>>> {
    return this.#samples.getStored(keys);
  }

  addDataSamples(samples: readonly DataSample[]): void {
    for (const sample of samples) this.#samples.add(assetRow(DataSample, sample));
  }

  updateDataSamples(samples: readonly DataSample[]): void {
    for (const sample of samples) this.#samples.replace(assetRow(DataSample, sample));
  }

  async getDataSampleKeys(dataManagerKey: string): Promise<readonly string[]> {
    return this.#samples
      .ordered()
      .filter((row) => row.stored.value.dataManagerKeys.includes(dataManagerKey))
      .map((row) => row.id);
  }

  async queryDataSamples(filter: DataSampleFilter, page: PageRequest): Promise<Page<DataSample>> {
    const rows = this.#samples.ordered();
    if (filter.keys === undefined) return pageOfRows(rows, page);
    const kept = new Set(filter.keys);
    return pageOfRows(
      rows.filter((row) => kept.has(row.id)),
      page,
    );
  }
}
