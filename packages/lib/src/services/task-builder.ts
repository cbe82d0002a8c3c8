import { canProcess, createPermission, createPermissions, unionPermission } from '../assets/permission.ts';
import type { TaskReferences } from '../dbal/compute-task.ts';
import { invalidAsset, notFound, permissionDenied } from '../errors/orchestration-error.ts';
import type { Timestamp } from '../gen/google/protobuf/timestamp.ts';
import type { NewPermissions, Permission, Permissions } from '../gen/orchestrator/common.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import {
  type ComputeTask,
  type ComputeTaskOutput,
  ComputeTaskStatus,
  type NewComputeTask,
} from '../gen/orchestrator/computetask.ts';
import { FunctionStatus, type FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';
import { checkTaskInputs, getTaskDataManager, requireDeclaredInputs } from './task-inputs.ts';
import { chooseWorker } from './task-worker.ts';

const FUNCTION_TO_TASK_STATUS = {
  [FunctionStatus.FUNCTION_STATUS_WAITING]: ComputeTaskStatus.STATUS_WAITING_FOR_BUILDER_SLOT,
  [FunctionStatus.FUNCTION_STATUS_BUILDING]: ComputeTaskStatus.STATUS_BUILDING,
  [FunctionStatus.FUNCTION_STATUS_FAILED]: ComputeTaskStatus.STATUS_FAILED,
  [FunctionStatus.FUNCTION_STATUS_CANCELED]: ComputeTaskStatus.STATUS_CANCELED,
} as const;

/** Builds the tasks of one batch, parents before children, checking every rule of their creation. */
export class TaskBuilder {
  readonly #owner: string;
  readonly #creationDate: Timestamp;
  readonly #references: TaskReferences;
  readonly #built = new Map<string, ComputeTask>();
  /** Permissions that name nobody but the owner: private, public. */
  readonly #namingNobody: (Permissions | undefined)[] = [];

  constructor(batch: {
    readonly owner: string;
    readonly creationDate: Timestamp;
    readonly references: TaskReferences;
  }) {
    this.#owner = batch.owner;
    this.#creationDate = batch.creationDate;
    this.#references = batch.references;
  }

  /**
   * Builds one task.
   *
   * @param parentKeys distinct keys of its parents: stored, or built before.
   * @throws OrchestrationError OE0002, OE0003, OE0101, OE0102, in the order in which the contract names the rules.
   */
  build(asked: NewComputeTask, parentKeys: readonly string[]): ComputeTask {
    this.#requirePlan(asked.computePlanKey);
    const fn = this.#requireFunction(asked.functionKey);
    const parents = parentKeys.map((key) => this.#parent(key));
    this.#requireEnabledModels(parents);
    const permissions = this.#outputPermissions(asked);
    requireDeclaredInputs(asked.inputs, fn);
    const dataManager = getTaskDataManager(asked.inputs, fn, this.#references);
    const worker = chooseWorker(asked.worker, dataManager, this.#references.organizationIds);
    checkTaskInputs({
      inputs: asked.inputs,
      fn,
      dataManager,
      caller: this.#owner,
      worker,
      references: this.#references,
      task: (key) => this.#parent(key),
    });
    checkOutputs(permissions, fn);
    const task: ComputeTask = {
      key: asked.key,
      owner: this.#owner,
      computePlanKey: asked.computePlanKey,
      rank: parents.reduce((rank, parent) => Math.max(rank, parent.rank + 1), 0),
      status: initialStatus(fn, parents),
      worker,
      creationDate: this.#creationDate,
      logsPermission: dataManager?.logsPermission ?? this.#logsPermission(parents),
      metadata: asked.metadata,
      inputs: asked.inputs,
      outputs: permissions,
      functionKey: asked.functionKey,
    };
    this.#built.set(task.key, task);
    return task;
  }

  #requirePlan(key: string): void {
    const plan = this.#references.computePlans.get(key);
    if (plan === undefined) throw notFound('computeplan', key);
    if (plan.value.owner !== this.#owner) throw permissionDenied('only its owner may add tasks to the compute plan');
  }

  #requireFunction(key: string): OrchestratorFunction {
    const fn = this.#references.functions.get(key)?.value;
    if (fn === undefined) throw notFound('function', key);
    if (!canProcess(fn.permissions, this.#owner)) throw permissionDenied(`the caller may not process function "${key}"`);
    return fn;
  }

  #parent(key: string): ComputeTask {
    const parent = this.#built.get(key) ?? this.#references.tasks.get(key)?.value;
    if (parent === undefined) throw new Error(`a parent is neither stored nor built: ${key}`);
    return parent;
  }

  #requireEnabledModels(parents: readonly ComputeTask[]): void {
    for (const { key, status } of parents) {
      if (status === ComputeTaskStatus.STATUS_DONE && this.#references.tasksWithDisabledModel.has(key)) {
        throw invalidAsset(`parent task "${key}" has a disabled model`);
      }
    }
  }

  #outputPermissions(asked: NewComputeTask): Map<string, ComputeTaskOutput> {
    const outputs = new Map<string, ComputeTaskOutput>();
    for (const [identifier, output] of asked.outputs) {
      const permissions = this.#permissions(output.permissions);
      outputs.set(identifier, { permissions, transient: output.transient });
    }
    return outputs;
  }

  /** Most outputs of a batch name nobody: they share what that comes to. */
  #permissions(asked: NewPermissions | undefined): Permissions {
    const { organizationIds } = this.#references;
    if (asked === undefined || asked.authorizedIds.length > 0) return createPermissions(this.#owner, asked, organizationIds);
    return (this.#namingNobody[Number(asked.public)] ??= createPermissions(this.#owner, asked, organizationIds));
  }

  #logsPermission(parents: readonly ComputeTask[]): Permission {
    const own = createPermission(this.#owner, undefined, this.#references.organizationIds);
    const inherited = parents.flatMap((parent) => parent.logsPermission ?? []);
    return [...inherited, own].reduce(unionPermission);
  }
}

function checkOutputs(outputs: ReadonlyMap<string, ComputeTaskOutput>, fn: OrchestratorFunction): void {
  for (const [identifier, output] of outputs) {
    const declared = fn.outputs.get(identifier);
    if (declared === undefined) throw invalidAsset(`the function has no output "${identifier}"`);
    if (declared.kind !== AssetKind.ASSET_PERFORMANCE) continue;
    if (output.transient) throw invalidAsset(`performance output "${identifier}" cannot be transient`);
    if (output.permissions?.process?.public !== true) {
      throw invalidAsset(`performance output "${identifier}" must be public`);
    }
  }
  for (const identifier of fn.outputs.keys()) {
    if (!outputs.has(identifier)) throw invalidAsset(`the function's output "${identifier}" is missing`);
  }
}

function initialStatus(fn: OrchestratorFunction, parents: readonly ComputeTask[]): ComputeTaskStatus {
  const isLost = (parent: ComputeTask): boolean =>
    parent.status === ComputeTaskStatus.STATUS_FAILED || parent.status === ComputeTaskStatus.STATUS_CANCELED;
  if (parents.some(isLost)) return ComputeTaskStatus.STATUS_CANCELED;
  if (fn.status === FunctionStatus.FUNCTION_STATUS_READY) {
    return parents.every((parent) => parent.status === ComputeTaskStatus.STATUS_DONE)
      ? ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT
      : ComputeTaskStatus.STATUS_WAITING_FOR_PARENT_TASKS;
  }
  if (fn.status === FunctionStatus.FUNCTION_STATUS_UNKNOWN) throw new Error('a stored function has no status');
  return FUNCTION_TO_TASK_STATUS[fn.status];
}
