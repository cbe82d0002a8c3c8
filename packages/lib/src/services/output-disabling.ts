import { finalTaskStatuses } from '../assets/compute-task-state.ts';
import type { Stored } from '../codec/codec.ts';
import type { TaskReadiness } from '../dbal/compute-task.ts';
import { ErrorCode } from '../errors/codes.ts';
import { OrchestrationError } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import {
  type ComputeTask,
  type ComputeTaskOutputAsset,
  type DisableOutputParam,
  DisableOutputResponse,
} from '../gen/orchestrator/computetask.ts';
import type { Model } from '../gen/orchestrator/model.ts';
import { requireTask, requireWorker } from './output-rules.ts';
import type { Scope } from './scope.ts';

/**
 * Removes the addresses of the models under a transient output that nobody needs any more.
 *
 * @throws OrchestrationError OE0002, OE0102, OE0108
 */
export async function disableOutput(scope: Scope, param: DisableOutputParam): Promise<DisableOutputResponse> {
  const { context, dbal, events } = scope;
  const { computeTaskKey: key, identifier } = param;
  const [tasks, children, outputAssets, models] = await Promise.all([
    dbal.computeTask.getComputeTasks([key]),
    dbal.computeTask.getChildTasks(key),
    dbal.computeTask.getOutputAssets([key]),
    dbal.model.getTaskModels(key),
  ]);
  const task = requireTask(tasks, key);
  requireWorker(task, context.mspid);
  const modelKeys = outputAssets.filter((asset) => isModelUnder(asset, identifier)).map((asset) => asset.assetKey);
  requireDisablable({ task, identifier, modelKeys, children });
  const disabled = enabledModels(modelKeys, models).map((model): Model => ({ ...model, address: undefined }));
  if (disabled.length > 0) dbal.model.updateModels(disabled);
  for (const model of disabled) events.add(changes.modelDisabled(model));
  return DisableOutputResponse.create();
}

function isModelUnder(asset: ComputeTaskOutputAsset, identifier: string): boolean {
  return asset.computeTaskOutputIdentifier === identifier && asset.assetKind === AssetKind.ASSET_MODEL;
}

function enabledModels(keys: readonly string[], models: readonly Stored<Model>[]): Model[] {
  const byKey = new Map(models.map((model) => [model.value.key, model.value]));
  return keys.flatMap((key) => byKey.get(key) ?? []).filter((model) => model.address !== undefined);
}

function requireDisablable(of: {
  readonly task: ComputeTask;
  readonly identifier: string;
  readonly modelKeys: readonly string[];
  readonly children: readonly TaskReadiness[];
}): void {
  const { task, identifier, modelKeys, children } = of;
  const output = task.outputs.get(identifier);
  if (!finalTaskStatuses.includes(task.status)) throw cannotDisable('its compute task is still to run or running');
  if (output === undefined) throw cannotDisable(`the compute task has no output "${identifier}"`);
  if (!output.transient) throw cannotDisable('it is not transient');
  if (modelKeys.length === 0) throw cannotDisable('it has no model');
  if (children.length === 0) throw cannotDisable('its compute task has no children');
  if (children.some((child) => !finalTaskStatuses.includes(child.task.value.status))) {
    throw cannotDisable('a child of its compute task is still to run or running');
  }
}

function cannotDisable(why: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.CannotDisableOutput, `the output cannot be disabled: ${why}`);
}
