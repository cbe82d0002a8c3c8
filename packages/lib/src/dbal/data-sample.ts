import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { DataSample } from '../gen/orchestrator/datasample.ts';

export interface DataSampleFilter {
  /** Keep these keys; absent keeps all. Entries may repeat and may be no UUIDs. */
  readonly keys?: readonly string[] | undefined;
}

/** Data samples of the transaction's channel. */
export interface DataSampleDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getDataSamples(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<DataSample>>>;
  addDataSamples(samples: readonly DataSample[]): void;
  /** Replaces the stored samples of the same keys. */
  updateDataSamples(samples: readonly DataSample[]): void;
  /** Keys of the samples of a data manager, by creation date then key. */
  getDataSampleKeys(dataManagerKey: string): Promise<readonly string[]>;
  /** By creation date then key. */
  queryDataSamples(filter: DataSampleFilter, page: PageRequest): Promise<Page<DataSample>>;
}
