import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import { conflict, notFound, permissionDenied } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';
import {
  type DataSample,
  type NewDataSample,
  type QueryDataSamplesParam,
  type QueryDataSamplesResponse,
  type RegisterDataSamplesResponse,
  type UpdateDataSamplesParam,
  UpdateDataSamplesResponse,
} from '../gen/orchestrator/datasample.ts';
import { toTimestamp } from '../time/instant.ts';
import type { PermissionService } from './permission.ts';
import type { Scope } from './scope.ts';

/** Data samples: the existence of data that its owner never hands out here. */
export class DataSampleService {
  readonly #scope: Scope;
  readonly #permission: PermissionService;

  constructor(scope: Scope, permission: PermissionService) {
    this.#scope = scope;
    this.#permission = permission;
  }

  /** All or none. @throws OrchestrationError OE0002, OE0102, OE0006, OE0003 */
  async registerDataSamples(asked: readonly NewDataSample[]): Promise<RegisterDataSamplesResponse> {
    const { context, dbal, events } = this.#scope;
    const [existing, managers, registered] = await Promise.all([
      dbal.dataSample.getDataSamples(asked.map((sample) => sample.key)),
      dbal.dataManager.getDataManagers([...new Set(asked.flatMap((sample) => sample.dataManagerKeys))]),
      this.#permission.getRegistered(),
    ]);
    const taken = new Set(existing.keys());
    const creationDate = toTimestamp(context.instant);
    const dataSamples = asked.map((sample): DataSample => {
      this.#requireOwnManagers(sample.dataManagerKeys, managers);
      if (taken.has(sample.key)) throw conflict('datasample', sample.key);
      taken.add(sample.key);
      this.#permission.requireCaller(registered);
      return {
        key: sample.key,
        dataManagerKeys: [...new Set(sample.dataManagerKeys)],
        owner: context.mspid,
        testOnly: false,
        checksum: sample.checksum,
        creationDate,
      };
    });
    dbal.dataSample.addDataSamples(dataSamples);
    for (const sample of dataSamples) events.add(changes.dataSampleCreated(sample));
    return { dataSamples };
  }

  /** Adds data managers to samples, all or none. @throws OrchestrationError OE0002, OE0102 */
  async updateDataSamples(param: UpdateDataSamplesParam): Promise<UpdateDataSamplesResponse> {
    const { dbal, events } = this.#scope;
    const keys = [...new Set(param.keys)];
    const [samples, managers] = await Promise.all([
      dbal.dataSample.getDataSamples(keys),
      dbal.dataManager.getDataManagers(param.dataManagerKeys),
    ]);
    this.#requireOwnManagers(param.dataManagerKeys, managers);
    const updated = keys.map((key): DataSample => {
      const sample = this.#requireOwnSample(key, samples);
      return { ...sample, dataManagerKeys: [...new Set([...sample.dataManagerKeys, ...param.dataManagerKeys])] };
    });
    dbal.dataSample.updateDataSamples(updated);
    for (const sample of updated) events.add(changes.dataSampleUpdated(sample));
    return UpdateDataSamplesResponse.create();
  }

  #requireOwnManagers(keys: readonly string[], managers: ReadonlyMap<string, Stored<DataManager>>): void {
    for (const key of keys) {
      const manager = managers.get(key);
      if (manager === undefined) throw notFound('datamanager', key);
      if (manager.value.owner !== this.#scope.context.mspid) {
        throw permissionDenied(`only its owner may give samples to data manager "${key}"`);
      }
    }
  }

  #requireOwnSample(key: string, samples: ReadonlyMap<string, Stored<DataSample>>): DataSample {
    const sample = samples.get(key);
    if (sample === undefined) throw notFound('datasample', key);
    if (sample.value.owner !== this.#scope.context.mspid) {
      throw permissionDenied(`only the owner may change data sample "${key}"`);
    }
    return sample.value;
  }

  /** By creation date then key. @throws OrchestrationError OE0003 for a bad page token. */
  async queryDataSamples(param: QueryDataSamplesParam): Promise<Encoded<QueryDataSamplesResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryDataSamples', param, settings.maxPageBytes);
    const keys = param.filter?.keys ?? [];
    const filter = { keys: keys.length > 0 ? keys : undefined };
    return encodePage('QueryDataSamples', await dbal.dataSample.queryDataSamples(filter, page));
  }

  /** @throws OrchestrationError OE0002 */
  async getDataSample(key: string): Promise<Stored<DataSample>> {
    const found = (await this.#scope.dbal.dataSample.getDataSamples([key])).get(key);
    if (found === undefined) throw notFound('datasample', key);
    return found;
  }
}
