import { type ComputeTask, isUuid, Model, type ModelDbal, type Stored } from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import { inOrderOfCreation } from './chosen-page.ts';
import { scanIndex } from './index-scan.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { appendTaskItem, taskPrefix } from './task-indexes.ts';

export class LedgerModelDbal implements ModelDbal {
  readonly #transaction: LedgerTransaction;
  readonly #store: AssetStore<Model>;
  readonly #tasks: AssetStore<ComputeTask>;

  constructor(transaction: LedgerTransaction, tasks: AssetStore<ComputeTask>) {
    this.#transaction = transaction;
    this.#store = new AssetStore(transaction, { kind: 'model', message: 'Model', codec: Model });
    this.#tasks = tasks;
  }

  getModels(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<Model>>> {
    return this.#store.get(keys);
  }

  addModels(models: readonly Model[]): void {
    this.#transaction.later(async () => {
      for (const model of models) {
        await this.#store.add([model.key], model);
        appendTaskItem(this.#transaction, model.computeTaskKey, { model: model.key });
        await this.#mark(model);
      }
    });
  }

  updateModels(models: readonly Model[]): void {
    this.#transaction.later(async () => {
      for (const model of models) {
        await this.#store.replace(model.key, () => ({ asset: model }));
        await this.#mark(model);
      }
    });
  }

  /** A task's value says whether it has a disabled model: whoever registers its children reads that value anyway. */
  async #mark({ address, computeTaskKey }: Model): Promise<void> {
    if (address !== undefined || (await this.#tasks.getRecord(computeTaskKey)) === undefined) return;
    await this.#tasks.replace(computeTaskKey, ({ stored, extras }) => {
      return { asset: stored.value, extras: { ...extras, disabled: true } };
    });
  }

  async getTaskModels(computeTaskKey: string): Promise<readonly Stored<Model>[]> {
    await this.#transaction.settled();
    if (!isUuid(computeTaskKey)) return [];
    const keys: string[] = [];
    for await (const { items } of scanIndex(this.#transaction, taskPrefix(computeTaskKey))) {
      for (const { model } of items as readonly { readonly model?: string }[]) if (model !== undefined) keys.push(model);
    }
    return inOrderOfCreation((await this.#store.get(keys)).values()).map(({ stored }) => stored);
  }
}
