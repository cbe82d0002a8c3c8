import {
  type DataManager,
  type DataSample,
  type Dataset,
  ErrorCode,
  type GetDataManagerParam,
  type GetDataSampleParam,
  type GetDatasetParam,
  type NewDataManager,
  type NewDataSample,
  type QueryDataManagersParam,
  type QueryDataManagersResponse,
  type QueryDataSamplesParam,
  type QueryDataSamplesResponse,
  type RegisterDataSamplesParam,
  type RegisterDataSamplesResponse,
  type UpdateDataManagerParam,
  type UpdateDataSamplesParam,
} from '@orchestrator/lib';
import { emitCreated, emitUpdated } from './emit.ts';
import { pageOf } from './pages.ts';
import { makePermission, makePermissions } from './permissions.ts';
import { type Turn, byKey, demand, found } from './state.ts';
import {
  validateDataManager,
  validateDataSample,
  validateKeyAndName,
  validateUpdateDataSamples,
} from './validation.ts';

export function registerDataManager(turn: Turn, param: NewDataManager): DataManager {
  validateDataManager(param);
  demand(!turn.channel.dataManagers.has(param.key), ErrorCode.Conflict);
  const { newPermissions, logsPermission, ...fields } = param;
  const manager = {
    ...fields,
    type: '',
    owner: turn.caller,
    permissions: makePermissions(turn, newPermissions),
    logsPermission: makePermission(turn, logsPermission),
    creationDate: turn.now,
  };
  turn.channel.dataManagers.set(manager.key, manager);
  emitCreated(turn, { $case: 'dataManager', value: manager });
  return manager;
}

export function getDataManager(turn: Turn, { key }: GetDataManagerParam): DataManager {
  return found(turn.channel.dataManagers.get(key), ErrorCode.NotFound);
}

export function queryDataManagers(turn: Turn, param: QueryDataManagersParam): QueryDataManagersResponse {
  const all = byKey(turn.channel.dataManagers.values());
  const { items, nextPageToken } = pageOf({ param, all, nameOf: (each) => each.key });
  return { dataManagers: items, nextPageToken };
}

export function updateDataManager(turn: Turn, param: UpdateDataManagerParam): object {
  validateKeyAndName(param);
  const before = getDataManager(turn, param);
  demand(before.owner === turn.caller, ErrorCode.PermissionDenied);
  const manager = { ...before, name: param.name };
  turn.channel.dataManagers.set(manager.key, manager);
  emitUpdated(turn, { $case: 'dataManager', value: manager });
  return {};
}

function demandOwnManagers(turn: Turn, keys: readonly string[]): void {
  for (const key of keys) {
    demand(getDataManager(turn, { key }).owner === turn.caller, ErrorCode.PermissionDenied);
  }
}

export function registerDataSamples(turn: Turn, { samples }: RegisterDataSamplesParam): RegisterDataSamplesResponse {
  demand(samples.length > 0, ErrorCode.BadRequest);
  for (const sample of samples) validateDataSample(sample);
  return { dataSamples: samples.map((sample) => registerDataSample(turn, sample)) };
}

function registerDataSample(turn: Turn, param: NewDataSample): DataSample {
  demandOwnManagers(turn, param.dataManagerKeys);
  demand(!turn.channel.dataSamples.has(param.key), ErrorCode.Conflict);
  demand(turn.channel.organizations.has(turn.caller), ErrorCode.BadRequest);
  const sample = {
    ...param,
    dataManagerKeys: [...new Set(param.dataManagerKeys)],
    owner: turn.caller,
    testOnly: false,
    creationDate: turn.now,
  };
  turn.channel.dataSamples.set(sample.key, sample);
  emitCreated(turn, { $case: 'dataSample', value: sample });
  return sample;
}

export function updateDataSamples(turn: Turn, param: UpdateDataSamplesParam): object {
  validateUpdateDataSamples(param);
  demandOwnManagers(turn, param.dataManagerKeys);
  // An event per sample, also of one that is named twice.
  for (const key of new Set(param.keys)) {
    const before = getDataSample(turn, { key });
    demand(before.owner === turn.caller, ErrorCode.PermissionDenied);
    const dataManagerKeys = [...new Set([...before.dataManagerKeys, ...param.dataManagerKeys])];
    const sample = { ...before, dataManagerKeys };
    turn.channel.dataSamples.set(key, sample);
    emitUpdated(turn, { $case: 'dataSample', value: sample });
  }
  return {};
}

export function getDataSample(turn: Turn, { key }: GetDataSampleParam): DataSample {
  return found(turn.channel.dataSamples.get(key), ErrorCode.NotFound);
}

export function queryDataSamples(turn: Turn, param: QueryDataSamplesParam): QueryDataSamplesResponse {
  const keys = param.filter?.keys ?? [];
  const all = byKey(turn.channel.dataSamples.values());
  const keep = ({ key }: DataSample) => keys.length === 0 || keys.includes(key);
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (each) => each.key });
  return { dataSamples: items, nextPageToken };
}

export function getDataset(turn: Turn, { key }: GetDatasetParam): Dataset {
  const dataManager = getDataManager(turn, { key });
  const samples = byKey(turn.channel.dataSamples.values()).filter((each) => each.dataManagerKeys.includes(key));
  return { dataManager, dataSampleKeys: samples.map((each) => each.key) };
}
