import {
  type ApplyTaskActionParam,
  AssetKind,
  type ComputeTask,
  ComputeTaskAction,
  type ComputeTaskInputAsset,
  ComputeTaskStatus,
  type DisableOutputParam,
  ErrorCode,
  type GetTaskInputAssetsParam,
  type GetTaskInputAssetsResponse,
  type GetTaskParam,
  type QueryTasksParam,
  type QueryTasksResponse,
  type TaskQueryFilter,
} from '@orchestrator/lib';
import { emitDisabled } from './emit.ts';
import { pageOf } from './pages.ts';
import { childrenOf, moveTask } from './propagation.ts';
import { Refusal, type Turn, byKey, demand, found } from './state.ts';
import { validateEnum } from './validation.ts';

const { STATUS_WAITING_FOR_EXECUTOR_SLOT, STATUS_EXECUTING, STATUS_DONE, STATUS_FAILED, STATUS_CANCELED } =
  ComputeTaskStatus;

interface Action {
  readonly name: string;
  readonly status: ComputeTaskStatus;
  /** Absent: from every status that is not final. */
  readonly from?: ComputeTaskStatus;
  readonly byOwner: boolean;
}

const ACTIONS: ReadonlyMap<number, Action> = new Map<number, Action>([
  [
    ComputeTaskAction.TASK_ACTION_EXECUTING,
    { name: 'transitionExecuting', status: STATUS_EXECUTING, from: STATUS_WAITING_FOR_EXECUTOR_SLOT, byOwner: false },
  ],
  [
    ComputeTaskAction.TASK_ACTION_DONE,
    { name: 'transitionDone', status: STATUS_DONE, from: STATUS_EXECUTING, byOwner: false },
  ],
  [ComputeTaskAction.TASK_ACTION_CANCELED, { name: 'transitionCanceled', status: STATUS_CANCELED, byOwner: true }],
  [ComputeTaskAction.TASK_ACTION_FAILED, { name: 'transitionFailed', status: STATUS_FAILED, byOwner: true }],
]);

export function isFinal(status: ComputeTaskStatus): boolean {
  return status === STATUS_DONE || status === STATUS_FAILED || status === STATUS_CANCELED;
}

export function getTask(turn: Turn, { key }: GetTaskParam): ComputeTask {
  return found(turn.channel.tasks.get(key), ErrorCode.NotFound);
}

export function queryTasks(turn: Turn, param: QueryTasksParam): QueryTasksResponse {
  const { filter } = param;
  validateEnum(ComputeTaskStatus, filter?.status ?? 0);
  const all = byKey(turn.channel.tasks.values());
  const keep = (task: ComputeTask) => filter === undefined || matches(task, filter);
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (task) => task.key });
  return { tasks: items, nextPageToken };
}

function matches(task: ComputeTask, filter: TaskQueryFilter): boolean {
  return (
    (filter.worker === '' || task.worker === filter.worker) &&
    (filter.status === ComputeTaskStatus.STATUS_UNKNOWN || task.status === filter.status) &&
    (filter.computePlanKey === '' || task.computePlanKey === filter.computePlanKey) &&
    (filter.functionKey === '' || task.functionKey === filter.functionKey)
  );
}

export function applyTaskAction(turn: Turn, param: ApplyTaskActionParam): object {
  const task = getTask(turn, { key: param.computeTaskKey });
  const action = found(ACTIONS.get(param.action), ErrorCode.PermissionDenied);
  const isOwner = action.byOwner && task.owner === turn.caller;
  demand(task.worker === turn.caller || isOwner, ErrorCode.PermissionDenied);
  const fits = action.from === undefined ? !isFinal(task.status) : task.status === action.from;
  if (!fits) throw new Refusal(ErrorCode.IncompatibleTaskStatus, refusalText(action, task));
  moveTask(turn, task, { status: action.status, reason: param.log === '' ? 'User action' : param.log });
  return {};
}

function refusalText(action: Action, { status }: ComputeTask): string {
  const name = Object.entries(ComputeTaskStatus).find(([, value]) => value === status)?.[0] ?? '';
  return `event ${action.name} inappropriate in current state ${name}`;
}

export function getTaskInputAssets(turn: Turn, param: GetTaskInputAssetsParam): GetTaskInputAssetsResponse {
  const task = getTask(turn, { key: param.computeTaskKey });
  const statuses: readonly ComputeTaskStatus[] = [STATUS_WAITING_FOR_EXECUTOR_SLOT, STATUS_EXECUTING, STATUS_FAILED];
  if (!statuses.includes(task.status)) throw new Refusal(ErrorCode.BadRequest, 'inputs may not be defined');
  const assets: ComputeTaskInputAsset[] = [];
  for (const { identifier, ref } of task.inputs) {
    const kind = turn.channel.functions.get(task.functionKey)?.inputs.get(identifier)?.kind;
    if (ref?.$case === 'assetKey') assets.push({ identifier, asset: directAsset(turn, { kind, key: ref.value }) });
    if (ref?.$case !== 'parentTaskOutput') continue;
    for (const entry of outputAssets(turn, ref.value.parentTaskKey, ref.value.outputIdentifier)) {
      const model = turn.channel.models.get(entry.assetKey);
      if (model !== undefined) assets.push({ identifier, asset: { $case: 'model', value: model } });
    }
  }
  return { assets };
}

interface Direct {
  readonly kind: AssetKind | undefined;
  readonly key: string;
}

function directAsset({ channel }: Turn, { kind, key }: Direct): ComputeTaskInputAsset['asset'] {
  if (kind === AssetKind.ASSET_DATA_MANAGER) {
    return { $case: 'dataManager', value: found(channel.dataManagers.get(key), ErrorCode.Internal) };
  }
  if (kind === AssetKind.ASSET_DATA_SAMPLE) {
    return { $case: 'dataSample', value: found(channel.dataSamples.get(key), ErrorCode.Internal) };
  }
  return { $case: 'model', value: found(channel.models.get(key), ErrorCode.Internal) };
}

function outputAssets(turn: Turn, taskKey: string, identifier: string) {
  return turn.channel.outputAssets.filter(
    (entry) => entry.computeTaskKey === taskKey && entry.computeTaskOutputIdentifier === identifier,
  );
}

export function disableOutput(turn: Turn, param: DisableOutputParam): object {
  const task = getTask(turn, { key: param.computeTaskKey });
  demand(task.worker === turn.caller, ErrorCode.PermissionDenied);
  const entries = outputAssets(turn, task.key, param.identifier);
  const children = childrenOf(turn.channel, task.key);
  demand(isFinal(task.status), ErrorCode.CannotDisableOutput);
  demand(task.outputs.get(param.identifier)?.transient === true, ErrorCode.CannotDisableOutput);
  demand(
    entries.some((entry) => entry.assetKind === AssetKind.ASSET_MODEL),
    ErrorCode.CannotDisableOutput,
  );
  demand(children.length > 0 && children.every((child) => isFinal(child.status)), ErrorCode.CannotDisableOutput);
  for (const { assetKey } of entries) {
    const before = turn.channel.models.get(assetKey);
    if (before?.address === undefined) continue;
    const model = { ...before, address: undefined };
    turn.channel.models.set(assetKey, model);
    emitDisabled(turn, { $case: 'model', value: model });
  }
  return {};
}
