import { nextTaskStatus, taskActions } from '../assets/compute-task-state.ts';
import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import type { TaskReadiness } from '../dbal/compute-task.ts';
import { notFound, permissionDenied } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import {
  type ApplyTaskActionParam,
  ApplyTaskActionResponse,
  type ComputeTask,
  ComputeTaskAction,
  ComputeTaskStatus,
  type DisableOutputParam,
  type DisableOutputResponse,
  type GetTaskInputAssetsResponse,
  type NewComputeTask,
  type QueryTasksParam,
  type QueryTasksResponse,
  type RegisterTasksResponse,
} from '../gen/orchestrator/computetask.ts';
import { FunctionStatus, type FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';
import type { ComputePlanService } from './compute-plan.ts';
import { disableOutput } from './output-disabling.ts';
import { requireTask } from './output-rules.ts';
import { functionReady, lastParentDone, USER_ACTION } from './reasons.ts';
import type { Scope } from './scope.ts';
import { getTaskInputAssets } from './task-input-assets.ts';
import { registerTasks } from './task-registration.ts';

const {
  STATUS_BUILDING,
  STATUS_CANCELED,
  STATUS_FAILED,
  STATUS_WAITING_FOR_BUILDER_SLOT,
  STATUS_WAITING_FOR_EXECUTOR_SLOT,
  STATUS_WAITING_FOR_PARENT_TASKS,
} = ComputeTaskStatus;

/** Compute tasks: what is to run, where, on what, and how far it is. */
export class ComputeTaskService {
  readonly #scope: Scope;
  readonly #computePlan: ComputePlanService;

  constructor(scope: Scope, computePlan: ComputePlanService) {
    this.#scope = scope;
    this.#computePlan = computePlan;
  }

  /** Registers a batch, all or nothing; answers in the sorted order. Errors: see `registerTasks`. */
  registerTasks(asked: readonly NewComputeTask[]): Promise<Encoded<RegisterTasksResponse>> {
    return registerTasks(this.#scope, asked);
  }

  /** @throws OrchestrationError OE0002 */
  async getTask(key: string): Promise<Stored<ComputeTask>> {
    const found = (await this.#scope.dbal.computeTask.getComputeTasks([key])).get(key);
    if (found === undefined) throw notFound('computetask', key);
    return found;
  }

  /** By creation date then key. @throws OrchestrationError OE0003 for a bad page token. */
  async queryTasks(param: QueryTasksParam): Promise<Encoded<QueryTasksResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryTasks', param, settings.maxPageBytes);
    const filter = {
      worker: param.filter?.worker || undefined,
      status: param.filter?.status || undefined,
      computePlanKey: param.filter?.computePlanKey || undefined,
      functionKey: param.filter?.functionKey || undefined,
    };
    return encodePage('QueryTasks', await dbal.computeTask.queryComputeTasks(filter, page));
  }

  /** The assets that a task's inputs stand for. @throws OrchestrationError OE0002, OE0003 */
  getTaskInputAssets(key: string): Promise<GetTaskInputAssetsResponse> {
    return getTaskInputAssets(this.#scope, key);
  }

  /** Removes the addresses of a transient output's models. @throws OrchestrationError OE0002, OE0102, OE0108 */
  disableOutput(param: DisableOutputParam): Promise<DisableOutputResponse> {
    return disableOutput(this.#scope, param);
  }

  /** @throws OrchestrationError OE0002, OE0102, OE0104 */
  async applyTaskAction(param: ApplyTaskActionParam): Promise<ApplyTaskActionResponse> {
    const { context, dbal } = this.#scope;
    const key = param.computeTaskKey;
    const task = requireTask(await dbal.computeTask.getComputeTasks([key]), key);
    const transition = taskActions[param.action];
    const isWorker = task.worker === context.mspid;
    const isOwner = task.owner === context.mspid;
    if (transition === undefined || !(isWorker || (isOwner && transition.actor === 'owner-or-worker'))) {
      throw permissionDenied('the caller may not apply this action to the compute task');
    }
    const moved: ComputeTask = { ...task, status: nextTaskStatus(transition, task.status) };
    const reason = param.log === '' ? USER_ACTION : param.log;
    await this.#move([moved], reason);
    if (param.action === ComputeTaskAction.TASK_ACTION_DONE) await this.#releaseChildren(moved);
    return ApplyTaskActionResponse.create();
  }

  /** Fails a task that is executing, and its plan. */
  async failTask(task: ComputeTask, reason: string): Promise<void> {
    await this.#move([{ ...task, status: STATUS_FAILED }], reason);
  }

  /**
   * Moves the tasks that use a function after the function itself has moved.
   *
   * @param fn with its new status.
   * @param reason of the function's change.
   */
  async followFunction(fn: OrchestratorFunction, reason: string): Promise<void> {
    switch (fn.status) {
      case FunctionStatus.FUNCTION_STATUS_BUILDING:
        return this.#moveFunctionTasks({ fn, from: [STATUS_WAITING_FOR_BUILDER_SLOT], to: STATUS_BUILDING, reason });
      case FunctionStatus.FUNCTION_STATUS_READY: {
        const to = (task: TaskReadiness): ComputeTaskStatus =>
          task.parentsDone ? STATUS_WAITING_FOR_EXECUTOR_SLOT : STATUS_WAITING_FOR_PARENT_TASKS;
        return this.#moveFunctionTasks({ fn, from: [STATUS_BUILDING], to, reason: functionReady(fn.key) });
      }
      case FunctionStatus.FUNCTION_STATUS_FAILED:
        return this.#moveFunctionTasks({ fn, from: [STATUS_BUILDING], to: STATUS_FAILED, reason });
      case FunctionStatus.FUNCTION_STATUS_CANCELED: {
        const from = [STATUS_WAITING_FOR_BUILDER_SLOT, STATUS_BUILDING];
        return this.#moveFunctionTasks({ fn, from, to: STATUS_CANCELED, reason });
      }
      default:
        throw new Error(`a function cannot have moved to status ${fn.status}`);
    }
  }

  async #moveFunctionTasks(move: {
    readonly fn: OrchestratorFunction;
    readonly from: readonly ComputeTaskStatus[];
    readonly to: ComputeTaskStatus | ((task: TaskReadiness) => ComputeTaskStatus);
    readonly reason: string;
  }): Promise<void> {
    const { to } = move;
    const found = await this.#scope.dbal.computeTask.getFunctionTasks(move.fn.key, move.from);
    const moved = found.map((readiness) => ({
      ...readiness.task.value,
      status: typeof to === 'function' ? to(readiness) : to,
    }));
    await this.#move(moved, move.reason);
  }

  async #releaseChildren(parent: ComputeTask): Promise<void> {
    const waiting = [STATUS_WAITING_FOR_PARENT_TASKS];
    const children = await this.#scope.dbal.computeTask.getChildTasks(parent.key, waiting);
    const released = children
      .filter((child) => child.parentsDone)
      .map((child) => ({ ...child.task.value, status: STATUS_WAITING_FOR_EXECUTOR_SLOT }));
    await this.#move(released, lastParentDone(parent.key));
  }

  /** Stores new statuses, each followed by what it does to the task's plan. */
  async #move(tasks: readonly ComputeTask[], reason: string): Promise<void> {
    if (tasks.length === 0) return;
    const { dbal, events } = this.#scope;
    dbal.computeTask.updateComputeTaskStatuses(tasks);
    const failed = tasks.filter((task) => task.status === STATUS_FAILED);
    const openPlans = await this.#computePlan.getOpenPlans(failed.map((task) => task.computePlanKey));
    for (const task of tasks) {
      events.add(changes.computeTaskStatusChanged(task, reason));
      const plan = task.status === STATUS_FAILED ? openPlans.get(task.computePlanKey) : undefined;
      if (plan === undefined) continue;
      openPlans.delete(task.computePlanKey);
      this.#computePlan.failPlan(plan);
    }
  }
}
