import { isTerminated } from '../assets/compute-plan.ts';
import type { Encoded, Stored } from '../codec/codec.ts';
import { encodePage, pageRequest } from '../codec/page.ts';
import { ErrorCode } from '../errors/codes.ts';
import { conflict, notFound, OrchestrationError, permissionDenied } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import {
  type ApplyPlanActionParam,
  ApplyPlanActionResponse,
  type ComputePlan,
  ComputePlanAction,
  type IsPlanRunningResponse,
  type NewComputePlan,
  type QueryPlansParam,
  type QueryPlansResponse,
  type UpdateComputePlanParam,
  UpdateComputePlanResponse,
} from '../gen/orchestrator/computeplan.ts';
import { toTimestamp } from '../time/instant.ts';
import type { PermissionService } from './permission.ts';
import type { Scope } from './scope.ts';

/** Compute plans: what belongs together of an organization's tasks. */
export class ComputePlanService {
  readonly #scope: Scope;
  readonly #permission: PermissionService;

  constructor(scope: Scope, permission: PermissionService) {
    this.#scope = scope;
    this.#permission = permission;
  }

  /** @throws OrchestrationError OE0006, OE0003 */
  async registerPlan(asked: NewComputePlan): Promise<ComputePlan> {
    const { context, dbal, events } = this.#scope;
    const [existing, registered] = await Promise.all([
      dbal.computePlan.getComputePlans([asked.key]),
      this.#permission.getRegistered(),
    ]);
    if (existing.has(asked.key)) throw conflict('computeplan', asked.key);
    this.#permission.requireCaller(registered);
    const plan: ComputePlan = {
      key: asked.key,
      owner: context.mspid,
      creationDate: toTimestamp(context.instant),
      tag: asked.tag,
      metadata: asked.metadata,
      cancelationDate: undefined,
      name: asked.name,
      failureDate: undefined,
    };
    dbal.computePlan.addComputePlan(plan);
    events.add(changes.computePlanCreated(plan));
    return plan;
  }

  /** @throws OrchestrationError OE0002 */
  async getPlan(key: string): Promise<Stored<ComputePlan>> {
    const found = (await this.#scope.dbal.computePlan.getComputePlans([key])).get(key);
    if (found === undefined) throw notFound('computeplan', key);
    return found;
  }

  async #getOwnPlan(key: string): Promise<ComputePlan> {
    const plan = (await this.getPlan(key)).value;
    if (plan.owner !== this.#scope.context.mspid) throw permissionDenied('only the owner may change the compute plan');
    return plan;
  }

  /** Cancels the plan; its tasks keep their statuses. @throws OrchestrationError OE0002, OE0102, OE0010, OE0109 */
  async applyPlanAction(param: ApplyPlanActionParam): Promise<ApplyPlanActionResponse> {
    const plan = await this.#getOwnPlan(param.key);
    if (param.action !== ComputePlanAction.PLAN_ACTION_CANCELED) {
      throw new OrchestrationError(ErrorCode.Unimplemented, 'a compute plan can only be canceled');
    }
    if (isTerminated(plan)) {
      throw new OrchestrationError(ErrorCode.TerminatedComputePlan, `compute plan "${plan.key}" is already terminated`);
    }
    this.#store({ ...plan, cancelationDate: toTimestamp(this.#scope.context.instant) });
    return ApplyPlanActionResponse.create();
  }

  /** By creation date then key. @throws OrchestrationError OE0003 for a bad page token. */
  async queryPlans(param: QueryPlansParam): Promise<Encoded<QueryPlansResponse>> {
    const { dbal, settings } = this.#scope;
    const page = pageRequest('QueryPlans', param, settings.maxPageBytes);
    const filter = { owner: param.filter?.owner || undefined };
    return encodePage('QueryPlans', await dbal.computePlan.queryComputePlans(filter, page));
  }

  /** @throws OrchestrationError OE0002, OE0102 */
  async updatePlan(param: UpdateComputePlanParam): Promise<UpdateComputePlanResponse> {
    const plan = await this.#getOwnPlan(param.key);
    this.#store({ ...plan, name: param.name });
    return UpdateComputePlanResponse.create();
  }

  /** Whether the plan is not terminated and has a task that is not in a final status. @throws OE0002 */
  async isPlanRunning(key: string): Promise<IsPlanRunningResponse> {
    const [plan, hasUnfinishedTask] = await Promise.all([
      this.getPlan(key),
      this.#scope.dbal.computeTask.hasUnfinishedTask(key),
    ]);
    return { isRunning: hasUnfinishedTask && !isTerminated(plan.value) };
  }

  /**
   * The plans of these keys that are not terminated yet, for `failPlan`.
   *
   * @param keys of plans that exist.
   */
  async getOpenPlans(keys: readonly string[]): Promise<Map<string, ComputePlan>> {
    if (keys.length === 0) return new Map();
    const plans = await this.#scope.dbal.computePlan.getComputePlans([...new Set(keys)]);
    const open = [...plans].filter(([, plan]) => !isTerminated(plan.value));
    return new Map(open.map(([key, plan]) => [key, plan.value]));
  }

  /** Sets the plan's failure date. */
  failPlan(plan: ComputePlan): void {
    this.#store({ ...plan, failureDate: toTimestamp(this.#scope.context.instant) });
  }

  #store(plan: ComputePlan): void {
    this.#scope.dbal.computePlan.updateComputePlans([plan]);
    this.#scope.events.add(changes.computePlanUpdated(plan));
  }
}
