import { randomBytes, randomUUID } from 'node:crypto';
import {
  type Addressable,
  AssetKind,
  type ComputeTaskInput,
  type NewComputePlan,
  type NewComputeTask,
  type NewComputeTaskOutput,
  type NewDataManager,
  type NewDataSample,
  type NewFunction,
  type NewModel,
  type NewPermissions,
} from '@orchestrator/lib';
import type { Loose } from './methods.ts';

/** A key that nobody has used. */
export const newKey = (): string => randomUUID();

/** A checksum of nothing in particular: 64 hex digits. */
export const checksum = (): string => randomBytes(32).toString('hex');

export function address(): Addressable {
  return { checksum: checksum(), storageAddress: `https://storage.example.org/objects/${randomUUID()}` };
}

export const everybody: NewPermissions = { public: true, authorizedIds: [] };
export const nobodyElse: NewPermissions = { public: false, authorizedIds: [] };

/** A private permission for these organizations besides the owner. */
export function onlyFor(...authorizedIds: string[]): NewPermissions {
  return { public: false, authorizedIds };
}

/** The kinds of inputs and outputs that functions declare. */
export const modelInput = { kind: AssetKind.ASSET_MODEL, multiple: false, optional: false };
export const optionalModel = { kind: AssetKind.ASSET_MODEL, multiple: false, optional: true };
export const models = { kind: AssetKind.ASSET_MODEL, multiple: true, optional: true };
export const managerInput = { kind: AssetKind.ASSET_DATA_MANAGER, multiple: false, optional: false };
export const samplesInput = { kind: AssetKind.ASSET_DATA_SAMPLE, multiple: true, optional: false };
export const modelOutput = { kind: AssetKind.ASSET_MODEL, multiple: false };
export const modelsOutput = { kind: AssetKind.ASSET_MODEL, multiple: true };
export const performanceOutput = { kind: AssetKind.ASSET_PERFORMANCE, multiple: false };

/** A map of the wire from an object. */
export function mapOf<V>(record: Readonly<Record<string, V>>): Map<string, V> {
  return new Map(Object.entries(record));
}

/** A function that takes any number of models as `parents` and makes one `model`. */
export function newFunction(changes: Loose<NewFunction> = {}): Loose<NewFunction> & { readonly key: string } {
  return {
    key: newKey(),
    name: 'function',
    description: address(),
    archive: address(),
    newPermissions: everybody,
    inputs: mapOf({ parents: models }),
    outputs: mapOf({ model: modelOutput }),
    ...(changes as object),
  };
}

export function newDataManager(changes: Loose<NewDataManager> = {}): Loose<NewDataManager> & { readonly key: string } {
  return {
    key: newKey(),
    name: 'data manager',
    newPermissions: everybody,
    description: address(),
    opener: address(),
    logsPermission: nobodyElse,
    ...(changes as object),
  };
}

export function newDataSample(changes: Loose<NewDataSample> = {}): Loose<NewDataSample> & { readonly key: string } {
  return { key: newKey(), checksum: checksum(), ...(changes as object) };
}

export function newPlan(changes: Loose<NewComputePlan> = {}): Loose<NewComputePlan> & { readonly key: string } {
  return { key: newKey(), name: 'plan', tag: '', ...(changes as object) };
}

/** A task that makes one private `model`. */
export function newTask(
  changes: Loose<NewComputeTask> & { readonly functionKey: string; readonly computePlanKey: string },
): Loose<NewComputeTask> & { readonly key: string } {
  return { key: newKey(), outputs: mapOf({ model: output(nobodyElse) }), ...(changes as object) };
}

export function newModel(
  computeTaskKey: string,
  changes: Loose<NewModel> = {},
): Loose<NewModel> & { readonly key: string } {
  return {
    key: newKey(),
    computeTaskKey,
    computeTaskOutputIdentifier: 'model',
    address: address(),
    ...(changes as object),
  };
}

export function output(permissions: NewPermissions, transient = false): NewComputeTaskOutput {
  return { permissions, transient };
}

/** An input that names its asset. */
export function direct(identifier: string, value: string): ComputeTaskInput {
  return { identifier, ref: { $case: 'assetKey', value } };
}

/** An input that takes what a parent makes. */
export function fromParent(
  parentTaskKey: string,
  outputIdentifier = 'model',
  identifier = 'parents',
): ComputeTaskInput {
  return { identifier, ref: { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier } } };
}
