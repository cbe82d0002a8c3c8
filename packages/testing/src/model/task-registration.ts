import {
  AssetKind,
  type ComputeTask,
  type ComputeTaskInput,
  type ComputeTaskOutput,
  ComputeTaskStatus,
  ErrorCode,
  FunctionStatus,
  type NewComputeTask,
  type OrchestratorFunction,
  type RegisterTasksParam,
  type RegisterTasksResponse,
} from '@orchestrator/lib';
import { emitCreated } from './emit.ts';
import { canProcess, makePermissions, uniteLogs } from './permissions.ts';
import { allDone, parentKeysOf } from './propagation.ts';
import { type Turn, demand, found } from './state.ts';
import { validateTask } from './validation.ts';

const { InvalidAsset, NotFound, PermissionDenied, BadRequest, Conflict } = ErrorCode;
const { ASSET_DATA_MANAGER, ASSET_DATA_SAMPLE, ASSET_MODEL, ASSET_PERFORMANCE } = AssetKind;
const { STATUS_DONE, STATUS_FAILED, STATUS_CANCELED } = ComputeTaskStatus;

/** behaviour.md, 9. */
export function registerTasks(turn: Turn, { tasks }: RegisterTasksParam): RegisterTasksResponse {
  demand(tasks.length > 0, BadRequest);
  for (const task of tasks) validateTask(task);
  demand(
    tasks.every((task) => !turn.channel.tasks.has(task.key)),
    Conflict,
  );
  demand(new Set(tasks.map((task) => task.key)).size === tasks.length, Conflict);
  const created = sorted(turn, tasks).map((task) => {
    const made = create(turn, task);
    turn.channel.tasks.set(made.key, made);
    return made;
  });
  for (const task of created) emitCreated(turn, { $case: 'computeTask', value: task });
  return { tasks: created };
}

/** Kahn's order. */
function sorted(turn: Turn, tasks: readonly NewComputeTask[]): NewComputeTask[] {
  const keys = new Set(tasks.map((task) => task.key));
  for (const key of tasks.flatMap(parentKeysOf)) demand(keys.has(key) || turn.channel.tasks.has(key), InvalidAsset);
  const missing = new Map(tasks.map((task) => [task, new Set(parentKeysOf(task).filter((key) => keys.has(key)))]));
  const placed = tasks.filter((task) => missing.get(task)?.size === 0);
  // `placed` grows while it is walked: it is the queue and the result.
  for (const parent of placed) {
    for (const task of tasks) {
      const left = missing.get(task);
      if (left?.delete(parent.key) === true && left.size === 0) placed.push(task);
    }
  }
  demand(placed.length === tasks.length, InvalidAsset);
  return placed;
}

/** All that the rules ask about one new task. */
interface Draft {
  readonly turn: Turn;
  readonly task: NewComputeTask;
  readonly fn: OrchestratorFunction;
  readonly parents: readonly ComputeTask[];
}

function create(turn: Turn, task: NewComputeTask): ComputeTask {
  const plan = found(turn.channel.plans.get(task.computePlanKey), NotFound);
  demand(plan.owner === turn.caller, PermissionDenied);
  const fn = found(turn.channel.functions.get(task.functionKey), NotFound);
  demand(canProcess(fn.permissions, turn.caller), PermissionDenied);
  const parents = parentKeysOf(task).map((key) => found(turn.channel.tasks.get(key), InvalidAsset));
  const draft = { turn, task, fn, parents };
  for (const parent of parents) demand(parent.status !== STATUS_DONE || !hasDisabledModel(turn, parent), InvalidAsset);
  const outputs = makeOutputs(draft);
  const worker = findWorker(draft);
  checkInputs(draft, worker);
  checkOutputs(draft, outputs);
  return {
    key: task.key,
    owner: turn.caller,
    computePlanKey: task.computePlanKey,
    rank: parents.length === 0 ? 0 : 1 + Math.max(...parents.map((parent) => parent.rank)),
    status: firstStatus(draft),
    worker,
    creationDate: turn.now,
    logsPermission: logsPermission(draft),
    metadata: task.metadata,
    inputs: task.inputs,
    outputs,
    functionKey: task.functionKey,
  };
}

function hasDisabledModel(turn: Turn, task: ComputeTask): boolean {
  const models = [...turn.channel.models.values()].filter((model) => model.computeTaskKey === task.key);
  return models.some((model) => model.address === undefined);
}

function makeOutputs({ turn, task }: Draft): Map<string, ComputeTaskOutput> {
  const entries = [...task.outputs].map(([identifier, output]): [string, ComputeTaskOutput] => {
    return [identifier, { permissions: makePermissions(turn, output.permissions), transient: output.transient }];
  });
  return new Map(entries);
}

/** The key of the data manager among the inputs. */
function managerKey({ task, fn }: Draft): string | undefined {
  const input = task.inputs.find((each) => fn.inputs.get(each.identifier)?.kind === ASSET_DATA_MANAGER);
  if (input === undefined) return undefined;
  demand(input.ref?.$case === 'assetKey', InvalidAsset);
  return input.ref.value;
}

function findWorker(draft: Draft): string {
  const { turn, task, fn } = draft;
  for (const { identifier } of task.inputs) demand(fn.inputs.has(identifier), InvalidAsset);
  const key = managerKey(draft);
  let { worker } = task;
  if (key !== undefined) {
    const manager = found(turn.channel.dataManagers.get(key), NotFound);
    demand(worker === '' || worker === manager.owner, BadRequest);
    worker = manager.owner;
  }
  demand(worker !== '', BadRequest);
  demand(turn.channel.organizations.has(worker), NotFound);
  return worker;
}

function checkInputs(draft: Draft, worker: string): void {
  const { task, fn } = draft;
  const seen = new Set<string>();
  for (const input of task.inputs) {
    const declared = found(fn.inputs.get(input.identifier), InvalidAsset);
    demand(declared.multiple || !seen.has(input.identifier), InvalidAsset);
    seen.add(input.identifier);
    if (declared.kind === ASSET_DATA_MANAGER) checkManager(draft, input);
    if (declared.kind === ASSET_DATA_SAMPLE) demand(input.ref?.$case === 'assetKey', InvalidAsset);
    if (declared.kind === ASSET_MODEL) checkModel(draft, input, { worker, multiple: declared.multiple });
  }
  for (const [identifier, { optional }] of fn.inputs) demand(optional || seen.has(identifier), InvalidAsset);
}

function checkManager({ turn, task, fn }: Draft, { ref }: ComputeTaskInput): void {
  demand(ref?.$case === 'assetKey', InvalidAsset);
  const manager = found(turn.channel.dataManagers.get(ref.value), NotFound);
  demand(canProcess(manager.permissions, turn.caller), PermissionDenied);
  for (const input of task.inputs) {
    if (fn.inputs.get(input.identifier)?.kind !== ASSET_DATA_SAMPLE) continue;
    demand(input.ref?.$case === 'assetKey', InvalidAsset);
    const sample = found(turn.channel.dataSamples.get(input.ref.value), NotFound);
    demand(sample.dataManagerKeys.includes(manager.key), InvalidAsset);
  }
}

interface Reader {
  readonly worker: string;
  readonly multiple: boolean;
}

function checkModel({ turn }: Draft, { ref }: ComputeTaskInput, { worker, multiple }: Reader): void {
  if (ref?.$case === 'assetKey') {
    const model = found(turn.channel.models.get(ref.value), NotFound);
    demand(canProcess(model.permissions, worker), PermissionDenied);
  }
  if (ref?.$case !== 'parentTaskOutput') return;
  const { parentTaskKey, outputIdentifier } = ref.value;
  const parent = found(turn.channel.tasks.get(parentTaskKey), InvalidAsset);
  const declared = found(turn.channel.functions.get(parent.functionKey)?.outputs.get(outputIdentifier), InvalidAsset);
  demand(declared.kind === ASSET_MODEL && (multiple || !declared.multiple), InvalidAsset);
  const output = found(parent.outputs.get(outputIdentifier), InvalidAsset);
  demand(canProcess(output.permissions, worker), PermissionDenied);
}

function checkOutputs({ fn }: Draft, outputs: ReadonlyMap<string, ComputeTaskOutput>): void {
  for (const identifier of outputs.keys()) demand(fn.outputs.has(identifier), InvalidAsset);
  for (const [identifier, { kind }] of fn.outputs) {
    const output = found(outputs.get(identifier), InvalidAsset);
    const isOpen = output.permissions?.process?.public === true && !output.transient;
    demand(kind !== ASSET_PERFORMANCE || isOpen, InvalidAsset);
  }
}

function logsPermission(draft: Draft): ComputeTask['logsPermission'] {
  const key = managerKey(draft);
  if (key !== undefined) return draft.turn.channel.dataManagers.get(key)?.logsPermission;
  const own = { public: false, authorizedIds: [draft.turn.caller] };
  return uniteLogs([...draft.parents.map((parent) => parent.logsPermission ?? own), own]);
}

function firstStatus({ turn, fn, parents }: Draft): ComputeTaskStatus {
  if (parents.some(({ status }) => status === STATUS_FAILED || status === STATUS_CANCELED)) return STATUS_CANCELED;
  if (fn.status === FunctionStatus.FUNCTION_STATUS_WAITING) return ComputeTaskStatus.STATUS_WAITING_FOR_BUILDER_SLOT;
  if (fn.status === FunctionStatus.FUNCTION_STATUS_BUILDING) return ComputeTaskStatus.STATUS_BUILDING;
  if (fn.status === FunctionStatus.FUNCTION_STATUS_FAILED) return STATUS_FAILED;
  if (fn.status === FunctionStatus.FUNCTION_STATUS_CANCELED) return STATUS_CANCELED;
  const isReady = allDone(
    turn.channel,
    parents.map((parent) => parent.key),
  );
  if (isReady) return ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT;
  return ComputeTaskStatus.STATUS_WAITING_FOR_PARENT_TASKS;
}
