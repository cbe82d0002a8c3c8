import {
  type Addressable,
  AssetKind,
  ErrorCode,
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
  type ProfilingStep,
  type UpdateDataSamplesParam,
} from '@orchestrator/lib';
import { demand } from './state.ts';

const INPUT_KINDS: readonly AssetKind[] = [
  AssetKind.ASSET_MODEL,
  AssetKind.ASSET_DATA_SAMPLE,
  AssetKind.ASSET_DATA_MANAGER,
];
const SCHEME_URL = /^(https?|ftp|wss?|tcp|udp):\/\/[\w.-]+(:\d+)?([/?]\S*)?$/;
const BARE_URL = /^([\w-]+(\.[\w-]+)+(:\d+)?|[\w-]+:\d+)\/\S*$/;

/** behaviour.md, 3: each function refuses with OE0101 what is not valid. */
function valid(condition: boolean): void {
  demand(condition, ErrorCode.InvalidAsset);
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

export function isKey(text: string): boolean {
  return /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/.test(text);
}

function isName(text: string): boolean {
  return bytes(text) >= 1 && bytes(text) <= 100;
}

function isMetadata(metadata: ReadonlyMap<string, string>): boolean {
  return [...metadata].every((pair) => pair.every((text) => bytes(text) <= 100));
}

function isAddressable(address: Addressable | undefined): boolean {
  if (address === undefined) return false;
  const { checksum, storageAddress } = address;
  const isUrl = SCHEME_URL.test(storageAddress) || BARE_URL.test(storageAddress);
  return /^[0-9a-fA-F]{64}$/.test(checksum) && isUrl && storageAddress.length <= 200;
}

export function validateAddress(address: string): void {
  valid(address === '' || (SCHEME_URL.test(address) && address.length <= 200));
}

export function validateKeyAndName({ key, name }: { readonly key: string; readonly name: string }): void {
  valid(isKey(key) && isName(name));
}

export function validateFunction(fn: NewFunction): void {
  validateKeyAndName(fn);
  valid(isAddressable(fn.description) && isAddressable(fn.archive));
  valid(fn.newPermissions !== undefined && isMetadata(fn.metadata));
  for (const identifier of [...fn.inputs.keys(), ...fn.outputs.keys()]) valid(isName(identifier));
  const inputs = [...fn.inputs.values()];
  for (const input of inputs) valid(INPUT_KINDS.includes(input.kind));
  const managers = inputs.filter((input) => input.kind === AssetKind.ASSET_DATA_MANAGER);
  valid(managers.length <= 1 && managers.every((input) => !input.multiple && !input.optional));
  valid((managers.length === 1) === inputs.some((input) => input.kind === AssetKind.ASSET_DATA_SAMPLE));
  for (const output of fn.outputs.values()) {
    valid(output.kind === AssetKind.ASSET_MODEL || (output.kind === AssetKind.ASSET_PERFORMANCE && !output.multiple));
  }
}

export function validateDataManager(manager: NewDataManager): void {
  validateKeyAndName(manager);
  valid(isAddressable(manager.description) && isAddressable(manager.opener));
  valid(manager.newPermissions !== undefined && manager.logsPermission !== undefined);
  valid(isMetadata(manager.metadata));
}

export function validateDataSample(sample: NewDataSample): void {
  valid(isKey(sample.key) && /^[0-9a-fA-F]{64}$/.test(sample.checksum) && sample.dataManagerKeys.every(isKey));
}

export function validateUpdateDataSamples(param: UpdateDataSamplesParam): void {
  valid(param.keys.length > 0 && param.keys.every(isKey) && param.dataManagerKeys.every(isKey));
}

export function validatePlan(plan: NewComputePlan): void {
  validateKeyAndName(plan);
  valid(bytes(plan.tag) <= 100 && isMetadata(plan.metadata));
}

export function validateTask(task: NewComputeTask): void {
  valid([task.key, task.functionKey, task.computePlanKey].every(isKey) && isMetadata(task.metadata));
  for (const { identifier, ref } of task.inputs) {
    valid(identifier !== '' && ref !== undefined);
    if (ref?.$case === 'assetKey') valid(isKey(ref.value));
    if (ref?.$case === 'parentTaskOutput') valid(isKey(ref.value.parentTaskKey) && ref.value.outputIdentifier !== '');
  }
  for (const [identifier, output] of task.outputs) valid(identifier !== '' && output.permissions !== undefined);
}

export function validateModel(model: NewModel): void {
  valid(isKey(model.key) && isKey(model.computeTaskKey));
  valid(model.computeTaskOutputIdentifier !== '' && isAddressable(model.address));
}

export function validatePerformance(performance: NewPerformance): void {
  valid(isKey(performance.computeTaskKey) && performance.computeTaskOutputIdentifier !== '');
}

export function validateFailureReport(report: NewFailureReport): void {
  const withLogs: readonly ErrorType[] = [ErrorType.ERROR_TYPE_BUILD, ErrorType.ERROR_TYPE_EXECUTION];
  valid(isKey(report.assetKey));
  valid(Object.values(FailedAssetKind).includes(report.assetType));
  if (withLogs.includes(report.errorType)) valid(isAddressable(report.logsAddress));
  else valid(report.errorType === ErrorType.ERROR_TYPE_INTERNAL && report.logsAddress === undefined);
}

export function validateProfilingStep(step: ProfilingStep): void {
  valid(isKey(step.assetKey) && isName(step.step) && step.duration !== 0);
}

/** Unknown numbers of an enum are refused in filters too. */
export function validateEnum(values: Readonly<Record<string, number>>, value: number): void {
  valid(Object.values(values).includes(value));
}
