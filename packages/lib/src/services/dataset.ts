import { notFound } from '../errors/orchestration-error.ts';
import type { Dataset } from '../gen/orchestrator/dataset.ts';
import type { Scope } from './scope.ts';

/** A dataset is a data manager with the keys of its samples; it is not stored. */
export class DatasetService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws OrchestrationError OE0002 when there is no such data manager. */
  async getDataset(dataManagerKey: string): Promise<Dataset> {
    const { dbal } = this.#scope;
    const [managers, dataSampleKeys] = await Promise.all([
      dbal.dataManager.getDataManagers([dataManagerKey]),
      dbal.dataSample.getDataSampleKeys(dataManagerKey),
    ]);
    const manager = managers.get(dataManagerKey);
    if (manager === undefined) throw notFound('datamanager', dataManagerKey);
    return { dataManager: manager.value, dataSampleKeys: [...dataSampleKeys] };
  }
}
