import {
  AssetKind,
  type ComputeTask,
  ComputeTaskStatus,
  ErrorCode,
  FailedAssetKind,
  type FailureReport,
  FunctionAction,
  type GetComputeTaskModelsParam,
  type GetComputeTaskModelsResponse,
  type GetFailureReportParam,
  type GetModelParam,
  type Model,
  type NewFailureReport,
  type NewModel,
  type NewPerformance,
  type Performance,
  type ProfilingStep,
  type QueryPerformancesParam,
  type QueryPerformancesResponse,
  type RegisterModelsParam,
  type RegisterModelsResponse,
} from '@orchestrator/lib';
import { emitCreated } from './emit.ts';
import { getFunction, moveFunction } from './functions.ts';
import { pageOf } from './pages.ts';
import { moveTask } from './propagation.ts';
import { type Turn, byKey, demand, found, listed, performanceKey } from './state.ts';
import { getTask } from './task-actions.ts';
import { validateFailureReport, validateModel, validatePerformance, validateProfilingStep } from './validation.ts';

const REPORTED = 'failure report registered';

/** The function's output that a task's asset is for. */
function declaredOutput(turn: Turn, task: ComputeTask, identifier: string) {
  demand(task.outputs.has(identifier), ErrorCode.MissingTaskOutput);
  return found(getFunction(turn, { key: task.functionKey }).outputs.get(identifier), ErrorCode.MissingTaskOutput);
}

function addOutputAsset(
  turn: Turn,
  task: ComputeTask,
  entry: { identifier: string; kind: AssetKind; key: string },
): void {
  const outputAsset = {
    computeTaskKey: task.key,
    computeTaskOutputIdentifier: entry.identifier,
    assetKind: entry.kind,
    assetKey: entry.key,
  };
  turn.channel.outputAssets.push(outputAsset);
  emitCreated(turn, { $case: 'computeTaskOutputAsset', value: outputAsset });
}

function demandExecuting(turn: Turn, task: ComputeTask): void {
  demand(task.worker === turn.caller, ErrorCode.PermissionDenied);
  demand(task.status === ComputeTaskStatus.STATUS_EXECUTING, ErrorCode.BadRequest);
}

export function registerModels(turn: Turn, { models }: RegisterModelsParam): RegisterModelsResponse {
  const [first] = models;
  demand(first !== undefined, ErrorCode.BadRequest);
  for (const model of models) validateModel(model);
  const task = getTask(turn, { key: first.computeTaskKey });
  demand(
    models.every((model) => model.computeTaskKey === task.key),
    ErrorCode.BadRequest,
  );
  demandExecuting(turn, task);
  return { models: models.map((model) => addModel(turn, task, model)) };
}

export function registerModel(turn: Turn, param: NewModel): Model {
  return found(registerModels(turn, { models: [param] }).models[0], ErrorCode.Internal);
}

function addModel(turn: Turn, task: ComputeTask, param: NewModel): Model {
  const identifier = param.computeTaskOutputIdentifier;
  const { kind, multiple } = declaredOutput(turn, task, identifier);
  demand(kind === AssetKind.ASSET_MODEL, ErrorCode.IncompatibleKind);
  const isTaken = turn.channel.outputAssets.some(
    (entry) => entry.computeTaskKey === task.key && entry.computeTaskOutputIdentifier === identifier,
  );
  demand(multiple || !isTaken, ErrorCode.Conflict);
  demand(!turn.channel.models.has(param.key), ErrorCode.Conflict);
  const model = {
    key: param.key,
    computeTaskKey: task.key,
    address: param.address,
    permissions: task.outputs.get(identifier)?.permissions,
    owner: turn.caller,
    creationDate: turn.now,
  };
  turn.channel.models.set(model.key, model);
  emitCreated(turn, { $case: 'model', value: model });
  addOutputAsset(turn, task, { identifier, kind: AssetKind.ASSET_MODEL, key: model.key });
  return model;
}

export function getModel(turn: Turn, { key }: GetModelParam): Model {
  return found(turn.channel.models.get(key), ErrorCode.NotFound);
}

export function getComputeTaskOutputModels(turn: Turn, param: GetComputeTaskModelsParam): GetComputeTaskModelsResponse {
  const models = byKey(turn.channel.models.values());
  return { models: models.filter((model) => model.computeTaskKey === param.computeTaskKey) };
}

export function registerPerformance(turn: Turn, param: NewPerformance): Performance {
  validatePerformance(param);
  const task = getTask(turn, { key: param.computeTaskKey });
  demandExecuting(turn, task);
  const identifier = param.computeTaskOutputIdentifier;
  const { kind } = declaredOutput(turn, task, identifier);
  demand(kind === AssetKind.ASSET_PERFORMANCE, ErrorCode.IncompatibleKind);
  const key = performanceKey(task.key, identifier);
  demand(!turn.channel.performances.has(key), ErrorCode.Conflict);
  const performance = { ...param, creationDate: turn.now };
  turn.channel.performances.set(key, performance);
  emitCreated(turn, { $case: 'performance', value: performance });
  addOutputAsset(turn, task, { identifier, kind: AssetKind.ASSET_PERFORMANCE, key });
  return performance;
}

export function queryPerformances(turn: Turn, param: QueryPerformancesParam): QueryPerformancesResponse {
  const { computeTaskKey, computeTaskOutputIdentifier } = param.filter ?? {
    computeTaskKey: '',
    computeTaskOutputIdentifier: '',
  };
  const texts = (each: Performance) => [each.computeTaskKey, each.computeTaskOutputIdentifier];
  const all = listed(turn.channel.performances.values(), texts);
  const keep = (each: Performance) =>
    [each.computeTaskKey, ''].includes(computeTaskKey) &&
    [each.computeTaskOutputIdentifier, ''].includes(computeTaskOutputIdentifier);
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (each) => texts(each).join('|') });
  return { Performances: items, nextPageToken };
}

export function registerFailureReport(turn: Turn, param: NewFailureReport): FailureReport {
  validateFailureReport(param);
  demand(param.assetType !== FailedAssetKind.FAILED_ASSET_UNKNOWN, ErrorCode.BadRequest);
  if (param.assetType === FailedAssetKind.FAILED_ASSET_COMPUTE_TASK) {
    const task = getTask(turn, { key: param.assetKey });
    demandExecuting(turn, task);
    moveTask(turn, task, { status: ComputeTaskStatus.STATUS_FAILED, reason: REPORTED });
  } else {
    const fn = getFunction(turn, { key: param.assetKey });
    demand(fn.owner === turn.caller, ErrorCode.PermissionDenied);
    moveFunction(turn, fn, { action: FunctionAction.FUNCTION_ACTION_FAILED, reason: REPORTED });
  }
  const report = { ...param, creationDate: turn.now, owner: turn.caller };
  turn.channel.failureReports.set(report.assetKey, report);
  emitCreated(turn, { $case: 'failureReport', value: report });
  return report;
}

export function getFailureReport(turn: Turn, { assetKey }: GetFailureReportParam): FailureReport {
  return found(turn.channel.failureReports.get(assetKey), ErrorCode.NotFound);
}

export function registerProfilingStep(turn: Turn, param: ProfilingStep): object {
  validateProfilingStep(param);
  const { tasks, functions } = turn.channel;
  demand(tasks.has(param.assetKey) || functions.has(param.assetKey), ErrorCode.NotFound);
  emitCreated(turn, { $case: 'profilingStep', value: param });
  return {};
}
