import {
  type Addressable,
  AssetKind,
  ErrorType,
  FailedAssetKind,
  type NewComputePlan,
  type NewComputeTask,
  type NewDataManager,
  type NewDataSample,
  type NewFailureReport,
  type NewFunction,
  type NewModel,
  type NewPerformance,
  type NewPermissions,
  type ProfilingStep,
} from '@orchestrator/lib';
import type { Random } from '../random/random.ts';

const CHECKSUM_DIGITS = 64;

/** A valid address of random content. */
export function buildAddressable(random: Random): Addressable {
  return { checksum: random.hex(CHECKSUM_DIGITS), storageAddress: `http://backend.org/${random.hex(8)}/file` };
}

/** Permissions for everybody, or for these organizations only. */
export function buildNewPermissions(authorizedIds?: readonly string[]): NewPermissions {
  return { public: authorizedIds === undefined, authorizedIds: [...(authorizedIds ?? [])] };
}

/** A valid function without inputs, with one model output named `model`. */
export function buildNewFunction(random: Random, overrides: Partial<NewFunction> = {}): NewFunction {
  return {
    key: random.key(),
    name: 'function',
    description: buildAddressable(random),
    archive: buildAddressable(random),
    newPermissions: buildNewPermissions(),
    metadata: new Map(),
    inputs: new Map(),
    outputs: new Map([['model', { kind: AssetKind.ASSET_MODEL, multiple: false }]]),
    ...overrides,
  };
}

/** A valid public data manager. */
export function buildNewDataManager(random: Random, overrides: Partial<NewDataManager> = {}): NewDataManager {
  return {
    key: random.key(),
    name: 'data manager',
    newPermissions: buildNewPermissions(),
    description: buildAddressable(random),
    opener: buildAddressable(random),
    type: '',
    logsPermission: buildNewPermissions(),
    metadata: new Map(),
    ...overrides,
  };
}

/** A valid data sample without data managers. */
export function buildNewDataSample(random: Random, overrides: Partial<NewDataSample> = {}): NewDataSample {
  return {
    key: random.key(),
    dataManagerKeys: [],
    testOnly: false,
    checksum: random.hex(CHECKSUM_DIGITS),
    ...overrides,
  };
}

/** A valid plan. */
export function buildNewComputePlan(random: Random, overrides: Partial<NewComputePlan> = {}): NewComputePlan {
  return { key: random.key(), tag: '', metadata: new Map(), name: 'plan', ...overrides };
}

/** A well-formed task without inputs, with one public output named `model`. Its function and plan are random keys. */
export function buildNewComputeTask(random: Random, overrides: Partial<NewComputeTask> = {}): NewComputeTask {
  return {
    key: random.key(),
    functionKey: random.key(),
    computePlanKey: random.key(),
    worker: '',
    metadata: new Map(),
    inputs: [],
    outputs: new Map([['model', { permissions: buildNewPermissions(), transient: false }]]),
    ...overrides,
  };
}

/** A well-formed model for the output `model` of a task of a random key. */
export function buildNewModel(random: Random, overrides: Partial<NewModel> = {}): NewModel {
  return {
    key: random.key(),
    computeTaskKey: random.key(),
    address: buildAddressable(random),
    computeTaskOutputIdentifier: 'model',
    ...overrides,
  };
}

/** A well-formed performance for the output `performance` of a task of a random key. */
export function buildNewPerformance(random: Random, overrides: Partial<NewPerformance> = {}): NewPerformance {
  return {
    computeTaskKey: random.key(),
    performanceValue: 0.5,
    computeTaskOutputIdentifier: 'performance',
    ...overrides,
  };
}

/** A well-formed report that a task of a random key failed in its execution. */
export function buildNewFailureReport(random: Random, overrides: Partial<NewFailureReport> = {}): NewFailureReport {
  return {
    assetKey: random.key(),
    errorType: ErrorType.ERROR_TYPE_EXECUTION,
    logsAddress: buildAddressable(random),
    assetType: FailedAssetKind.FAILED_ASSET_COMPUTE_TASK,
    ...overrides,
  };
}

/** A well-formed profiling step of an asset of a random key. */
export function buildProfilingStep(random: Random, overrides: Partial<ProfilingStep> = {}): ProfilingStep {
  return { duration: 1000, assetKey: random.key(), step: 'task execution', ...overrides };
}
