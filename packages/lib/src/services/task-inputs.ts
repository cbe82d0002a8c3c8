import { canProcess } from '../assets/permission.ts';
import { enumName } from '../assets/enum-name.ts';
import type { TaskReferences } from '../dbal/compute-task.ts';
import { invalidAsset, notFound, permissionDenied } from '../errors/orchestration-error.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import type { ComputeTask, ComputeTaskInput, ParentTaskOutputRef } from '../gen/orchestrator/computetask.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';
import type { FunctionInput, FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';

/** @throws OrchestrationError OE0101 for an input that the function does not have. */
export function requireDeclaredInputs(inputs: readonly ComputeTaskInput[], fn: OrchestratorFunction): void {
  for (const { identifier } of inputs) {
    if (!fn.inputs.has(identifier)) throw invalidAsset(`the function has no input "${identifier}"`);
  }
}

/**
 * The data manager of a task's inputs, if they have one.
 *
 * @throws OrchestrationError OE0101 when it is not given by its key, OE0002
 */
export function getTaskDataManager(
  inputs: readonly ComputeTaskInput[],
  fn: OrchestratorFunction,
  references: TaskReferences,
): DataManager | undefined {
  const input = inputs.find(({ identifier }) => fn.inputs.get(identifier)?.kind === AssetKind.ASSET_DATA_MANAGER);
  if (input === undefined) return undefined;
  const key = requireAssetKey(input);
  const found = references.dataManagers.get(key);
  if (found === undefined) throw notFound('datamanager', key);
  return found.value;
}

/** What the inputs of one task are checked against. */
export interface InputCheck {
  readonly inputs: readonly ComputeTaskInput[];
  readonly fn: OrchestratorFunction;
  readonly dataManager: DataManager | undefined;
  readonly caller: string;
  readonly worker: string;
  readonly references: TaskReferences;
  /** A parent, stored or of the batch. */
  task(key: string): ComputeTask;
}

/** @throws OrchestrationError OE0101, OE0102, OE0002 */
export function checkTaskInputs(check: InputCheck): void {
  const seen = new Set<string>();
  for (const input of check.inputs) {
    const declared = check.fn.inputs.get(input.identifier);
    if (declared === undefined) throw new Error('inputs are declared before they are checked');
    if (seen.has(input.identifier) && !declared.multiple) {
      throw invalidAsset(`input "${input.identifier}" takes only one asset`);
    }
    seen.add(input.identifier);
    checkInput(check, input, declared);
  }
  for (const [identifier, declared] of check.fn.inputs) {
    if (!declared.optional && !seen.has(identifier)) throw invalidAsset(`input "${identifier}" is missing`);
  }
}

function checkInput(check: InputCheck, input: ComputeTaskInput, declared: FunctionInput): void {
  if (declared.kind === AssetKind.ASSET_DATA_MANAGER) checkDataManager(check);
  if (declared.kind !== AssetKind.ASSET_MODEL) return;
  if (input.ref?.$case === 'parentTaskOutput') checkParentOutput(check, declared, input.ref.value);
  else checkModel(check, requireAssetKey(input));
}

function requireAssetKey({ identifier, ref }: ComputeTaskInput): string {
  if (ref?.$case === 'assetKey') return ref.value;
  throw invalidAsset(`input "${identifier}" must be given by its asset key`);
}

/** The data manager, and with it all data samples of the task. */
function checkDataManager({ inputs, fn, dataManager, caller, references }: InputCheck): void {
  if (dataManager === undefined) throw new Error('a data manager input without data manager');
  if (!canProcess(dataManager.permissions, caller)) {
    throw permissionDenied(`the caller may not process data manager "${dataManager.key}"`);
  }
  for (const input of inputs) {
    if (fn.inputs.get(input.identifier)?.kind !== AssetKind.ASSET_DATA_SAMPLE) continue;
    const key = requireAssetKey(input);
    const sample = references.dataSamples.get(key);
    if (sample === undefined) throw notFound('datasample', key);
    if (!sample.value.dataManagerKeys.includes(dataManager.key)) {
      throw invalidAsset(`data sample "${key}" does not belong to data manager "${dataManager.key}"`);
    }
  }
}

function checkModel({ references, worker }: InputCheck, key: string): void {
  const model = references.models.get(key);
  if (model === undefined) throw notFound('model', key);
  if (!canProcess(model.value.permissions, worker)) throw permissionDenied(`the worker may not process model "${key}"`);
}

function checkParentOutput(check: InputCheck, declared: FunctionInput, ref: ParentTaskOutputRef): void {
  const parent = check.task(ref.parentTaskKey);
  const identifier = ref.outputIdentifier;
  const output = check.references.functions.get(parent.functionKey)?.value.outputs.get(identifier);
  if (output === undefined) {
    throw invalidAsset(`the function of parent task "${parent.key}" has no output "${identifier}"`);
  }
  if (output.kind !== declared.kind) {
    throw invalidAsset(`output "${identifier}" of parent task "${parent.key}" is ${enumName(AssetKind, output.kind)}`);
  }
  if (output.multiple && !declared.multiple) {
    throw invalidAsset(`output "${identifier}" of parent task "${parent.key}" may hold several assets`);
  }
  const permissions = parent.outputs.get(identifier)?.permissions;
  if (permissions === undefined) throw invalidAsset(`parent task "${parent.key}" has no output "${identifier}"`);
  if (!canProcess(permissions, check.worker)) {
    throw permissionDenied(`the worker may not process output "${identifier}" of parent task "${parent.key}"`);
  }
}
