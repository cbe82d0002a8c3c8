import { parentKeys } from '../assets/compute-task.ts';
import type { Stored } from '../codec/codec.ts';
import { badRequest } from '../errors/orchestration-error.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import {
  type ComputeTask,
  type ComputeTaskInput,
  type ComputeTaskInputAsset,
  type ComputeTaskOutputAsset,
  ComputeTaskStatus,
  type GetTaskInputAssetsResponse,
  type ParentTaskOutputRef,
} from '../gen/orchestrator/computetask.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';
import type { DataSample } from '../gen/orchestrator/datasample.ts';
import type { FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';
import type { Model } from '../gen/orchestrator/model.ts';
import { requireTask } from './output-rules.ts';
import type { Scope } from './scope.ts';

const READABLE: readonly ComputeTaskStatus[] = [
  ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT,
  ComputeTaskStatus.STATUS_EXECUTING,
  ComputeTaskStatus.STATUS_FAILED,
];

interface InputSources {
  readonly fn: OrchestratorFunction | undefined;
  readonly dataManagers: ReadonlyMap<string, Stored<DataManager>>;
  readonly dataSamples: ReadonlyMap<string, Stored<DataSample>>;
  readonly models: ReadonlyMap<string, Stored<Model>>;
  readonly outputAssets: readonly ComputeTaskOutputAsset[];
}

/**
 * The assets that a task's inputs stand for, one entry each, in the order of the inputs; a parent's output stands
 * for everything registered under it.
 *
 * @throws OrchestrationError OE0002, OE0003 in a status in which inputs may not be known.
 */
export async function getTaskInputAssets(scope: Scope, key: string): Promise<GetTaskInputAssetsResponse> {
  const task = requireTask(await scope.dbal.computeTask.getComputeTasks([key]), key);
  if (!READABLE.includes(task.status)) throw badRequest('task inputs may not be defined in the current state');
  const sources = await loadSources(scope, task);
  return { assets: task.inputs.flatMap((input) => inputAssets(input, sources)) };
}

async function loadSources({ dbal }: Scope, task: ComputeTask): Promise<InputSources> {
  const assetKeys = task.inputs.flatMap(({ ref }) => (ref?.$case === 'assetKey' ? [ref.value] : []));
  const [functions, dataManagers, dataSamples, outputAssets] = await Promise.all([
    dbal.function.getFunctions([task.functionKey]),
    dbal.dataManager.getDataManagers(assetKeys),
    dbal.dataSample.getDataSamples(assetKeys),
    dbal.computeTask.getOutputAssets(parentKeys(task.inputs)),
  ]);
  const outputModelKeys = outputAssets
    .filter((asset) => asset.assetKind === AssetKind.ASSET_MODEL)
    .map((asset) => asset.assetKey);
  const models = await dbal.model.getModels([...assetKeys, ...outputModelKeys]);
  return { fn: functions.get(task.functionKey)?.value, dataManagers, dataSamples, models, outputAssets };
}

function inputAssets(input: ComputeTaskInput, sources: InputSources): ComputeTaskInputAsset[] {
  const { identifier, ref } = input;
  if (ref === undefined) throw new Error('a stored task has an input without reference');
  if (ref.$case === 'parentTaskOutput') {
    return outputModels(ref.value, sources).map((value) => ({ identifier, asset: { $case: 'model', value } }));
  }
  return [{ identifier, asset: directAsset(identifier, ref.value, sources) }];
}

function outputModels(ref: ParentTaskOutputRef, sources: InputSources): Model[] {
  return sources.outputAssets
    .filter((asset) => asset.computeTaskKey === ref.parentTaskKey)
    .filter((asset) => asset.computeTaskOutputIdentifier === ref.outputIdentifier)
    .flatMap((asset) => sources.models.get(asset.assetKey)?.value ?? []);
}

function directAsset(identifier: string, key: string, sources: InputSources): ComputeTaskInputAsset['asset'] {
  const kind = sources.fn?.inputs.get(identifier)?.kind;
  switch (kind) {
    case AssetKind.ASSET_DATA_MANAGER:
      return { $case: 'dataManager', value: stored(sources.dataManagers, key) };
    case AssetKind.ASSET_DATA_SAMPLE:
      return { $case: 'dataSample', value: stored(sources.dataSamples, key) };
    case AssetKind.ASSET_MODEL:
      return { $case: 'model', value: stored(sources.models, key) };
    default:
      throw new Error(`a stored task has an input of kind ${kind}`);
  }
}

function stored<T>(assets: ReadonlyMap<string, Stored<T>>, key: string): T {
  const asset = assets.get(key);
  if (asset === undefined) throw new Error(`an input of a stored task does not exist: ${key}`);
  return asset.value;
}
