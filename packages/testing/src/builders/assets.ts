import {
  AssetKind,
  type ComputePlan,
  type ComputeTask,
  type ComputeTaskOutputAsset,
  ComputeTaskStatus,
  type DataManager,
  type DataSample,
  ErrorType,
  type Event,
  EventKind,
  FailedAssetKind,
  type FailureReport,
  FunctionStatus,
  type Model,
  type OrchestratorFunction,
  type Organization,
  type Performance,
  type Permissions,
} from '@orchestrator/lib';
import type { Random } from '../random/random.ts';
import { buildAddressable } from './requests.ts';

/** The owner of built assets that name no other. */
export const DEFAULT_OWNER = 'MyOrg1MSP';

/** Permissions for everybody, owned by `DEFAULT_OWNER`. */
export function buildPermissions(): Permissions {
  const permission = () => ({ public: true, authorizedIds: [DEFAULT_OWNER] });
  return { process: permission(), download: permission() };
}

/** An organization; its creation date is for the caller to give. */
export function buildOrganization(random: Random, overrides: Partial<Organization> = {}): Organization {
  return { id: `Org${random.hex(8)}MSP`, address: '', creationDate: undefined, ...overrides };
}

/** A waiting function without inputs, with one model output; its creation date is for the caller to give. */
export function buildFunction(random: Random, overrides: Partial<OrchestratorFunction> = {}): OrchestratorFunction {
  return {
    key: random.key(),
    name: 'function',
    description: buildAddressable(random),
    archive: buildAddressable(random),
    permissions: buildPermissions(),
    owner: DEFAULT_OWNER,
    creationDate: undefined,
    metadata: new Map(),
    inputs: new Map(),
    outputs: new Map([['model', { kind: AssetKind.ASSET_MODEL, multiple: false }]]),
    status: FunctionStatus.FUNCTION_STATUS_WAITING,
    image: { checksum: '', storageAddress: '' },
    ...overrides,
  };
}

/** A data manager; its creation date is for the caller to give. */
export function buildDataManager(random: Random, overrides: Partial<DataManager> = {}): DataManager {
  return {
    key: random.key(),
    name: 'data manager',
    owner: DEFAULT_OWNER,
    permissions: buildPermissions(),
    description: buildAddressable(random),
    opener: buildAddressable(random),
    type: '',
    creationDate: undefined,
    logsPermission: { public: true, authorizedIds: [DEFAULT_OWNER] },
    metadata: new Map(),
    ...overrides,
  };
}

/** A data sample of no data manager; its creation date is for the caller to give. */
export function buildDataSample(random: Random, overrides: Partial<DataSample> = {}): DataSample {
  return {
    key: random.key(),
    dataManagerKeys: [],
    owner: DEFAULT_OWNER,
    testOnly: false,
    checksum: random.hex(64),
    creationDate: undefined,
    ...overrides,
  };
}

/** A plan; its creation date is for the caller to give. */
export function buildComputePlan(random: Random, overrides: Partial<ComputePlan> = {}): ComputePlan {
  return {
    key: random.key(),
    owner: DEFAULT_OWNER,
    creationDate: undefined,
    tag: '',
    metadata: new Map(),
    cancelationDate: undefined,
    name: 'plan',
    failureDate: undefined,
    ...overrides,
  };
}

/** A task without inputs that waits for its function; its creation date is for the caller to give. */
export function buildComputeTask(random: Random, overrides: Partial<ComputeTask> = {}): ComputeTask {
  return {
    key: random.key(),
    owner: DEFAULT_OWNER,
    computePlanKey: random.key(),
    rank: 0,
    status: ComputeTaskStatus.STATUS_WAITING_FOR_BUILDER_SLOT,
    worker: DEFAULT_OWNER,
    creationDate: undefined,
    logsPermission: { public: false, authorizedIds: [DEFAULT_OWNER] },
    metadata: new Map(),
    inputs: [],
    outputs: new Map([['model', { permissions: buildPermissions(), transient: false }]]),
    functionKey: random.key(),
    ...overrides,
  };
}

/** A model that is not disabled; its creation date is for the caller to give. */
export function buildModel(random: Random, overrides: Partial<Model> = {}): Model {
  return {
    key: random.key(),
    computeTaskKey: random.key(),
    address: buildAddressable(random),
    permissions: buildPermissions(),
    owner: DEFAULT_OWNER,
    creationDate: undefined,
    ...overrides,
  };
}

/** A performance; its creation date is for the caller to give. */
export function buildPerformance(random: Random, overrides: Partial<Performance> = {}): Performance {
  return {
    computeTaskKey: random.key(),
    performanceValue: 0.5,
    creationDate: undefined,
    computeTaskOutputIdentifier: 'performance',
    ...overrides,
  };
}

/** What stands under a task's output: a model, unless said otherwise. */
export function buildOutputAsset(
  random: Random,
  overrides: Partial<ComputeTaskOutputAsset> = {},
): ComputeTaskOutputAsset {
  return {
    computeTaskKey: random.key(),
    computeTaskOutputIdentifier: 'model',
    assetKind: AssetKind.ASSET_MODEL,
    assetKey: random.key(),
    ...overrides,
  };
}

/** A report about a task; its creation date is for the caller to give. */
export function buildFailureReport(random: Random, overrides: Partial<FailureReport> = {}): FailureReport {
  return {
    assetKey: random.key(),
    errorType: ErrorType.ERROR_TYPE_EXECUTION,
    logsAddress: buildAddressable(random),
    creationDate: undefined,
    owner: DEFAULT_OWNER,
    assetType: FailedAssetKind.FAILED_ASSET_COMPUTE_TASK,
    ...overrides,
  };
}

/** The creation of a plan; channel and timestamp are for the caller to give. */
export function buildEvent(random: Random, overrides: Partial<Event> = {}): Event {
  const assetKey = overrides.assetKey ?? random.key();
  return {
    id: random.key(),
    assetKey,
    assetKind: AssetKind.ASSET_COMPUTE_PLAN,
    eventKind: EventKind.EVENT_ASSET_CREATED,
    channel: '',
    timestamp: undefined,
    asset: { $case: 'computePlan', value: buildComputePlan(random, { key: assetKey }) },
    metadata: new Map(),
    ...overrides,
  };
}
