import type { Stored } from '../codec/codec.ts';
import type { Model } from '../gen/orchestrator/model.ts';

/** Models of the transaction's channel. A model without address is disabled. */
export interface ModelDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getModels(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<Model>>>;
  addModels(models: readonly Model[]): void;
  /** Replaces the stored models of the same keys. */
  updateModels(models: readonly Model[]): void;
  /** The models of a task, whichever output, by creation date then key. */
  getTaskModels(computeTaskKey: string): Promise<readonly Stored<Model>[]>;
}
