import { Model, type ModelDbal, type Stored } from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import type { Row, Table } from './table.ts';

export class MemoryModelDbal implements ModelDbal {
  readonly #models: Table<Row<Model>>;

  constructor(models: Table<Row<Model>>) {
    this.#models = models;
  }

  async getModels(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<Model>>> {
    return this.#models.getStored(keys);
  }

  addModels(models: readonly Model[]): void {
    for (const model of models) this.#models.add(assetRow(Model, model));
  }

  updateModels(models: readonly Model[]): void {
    for (const model of models) this.#models.replace(assetRow(Model, model));
  }

  async getTaskModels(computeTaskKey: string): Promise<readonly Stored<Model>[]> {
    const rows = this.#models.ordered().filter((row) => row.stored.value.computeTaskKey === computeTaskKey);
    return rows.map((row) => row.stored);
  }
}
