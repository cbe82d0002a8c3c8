import {
  type ApplyPlanActionParam,
  type ComputePlan,
  ComputePlanAction,
  ErrorCode,
  type GetComputePlanParam,
  type IsPlanRunningParam,
  type IsPlanRunningResponse,
  type NewComputePlan,
  type QueryPlansParam,
  type QueryPlansResponse,
  type UpdateComputePlanParam,
} from '@orchestrator/lib';
import { emitCreated, emitUpdated } from './emit.ts';
import { pageOf } from './pages.ts';
import { isFinal } from './task-actions.ts';
import { Refusal, type Turn, byKey, demand, found } from './state.ts';
import { validateKeyAndName, validatePlan } from './validation.ts';

export function registerPlan(turn: Turn, param: NewComputePlan): ComputePlan {
  validatePlan(param);
  demand(!turn.channel.plans.has(param.key), ErrorCode.Conflict);
  demand(turn.channel.organizations.has(turn.caller), ErrorCode.BadRequest);
  const plan = {
    ...param,
    owner: turn.caller,
    creationDate: turn.now,
    cancelationDate: undefined,
    failureDate: undefined,
  };
  turn.channel.plans.set(plan.key, plan);
  emitCreated(turn, { $case: 'computePlan', value: plan });
  return plan;
}

export function getPlan(turn: Turn, { key }: GetComputePlanParam): ComputePlan {
  return found(turn.channel.plans.get(key), ErrorCode.NotFound);
}

export function queryPlans(turn: Turn, param: QueryPlansParam): QueryPlansResponse {
  const owner = param.filter?.owner ?? '';
  const all = byKey(turn.channel.plans.values());
  const keep = (plan: ComputePlan) => owner === '' || plan.owner === owner;
  const { items, nextPageToken } = pageOf({ param, all, keep, nameOf: (plan) => plan.key });
  return { plans: items, nextPageToken };
}

function replacePlan(turn: Turn, plan: ComputePlan): void {
  turn.channel.plans.set(plan.key, plan);
  emitUpdated(turn, { $case: 'computePlan', value: plan });
}

function ownPlan(turn: Turn, key: string): ComputePlan {
  const plan = getPlan(turn, { key });
  demand(plan.owner === turn.caller, ErrorCode.PermissionDenied);
  return plan;
}

export function updatePlan(turn: Turn, param: UpdateComputePlanParam): object {
  validateKeyAndName(param);
  replacePlan(turn, { ...ownPlan(turn, param.key), name: param.name });
  return {};
}

function isTerminated(plan: ComputePlan): boolean {
  return plan.cancelationDate !== undefined || plan.failureDate !== undefined;
}

export function applyPlanAction(turn: Turn, param: ApplyPlanActionParam): object {
  const plan = ownPlan(turn, param.key);
  demand(param.action === ComputePlanAction.PLAN_ACTION_CANCELED, ErrorCode.Unimplemented);
  if (isTerminated(plan)) throw new Refusal(ErrorCode.TerminatedComputePlan, 'already terminated');
  replacePlan(turn, { ...plan, cancelationDate: turn.now });
  return {};
}

export function isPlanRunning(turn: Turn, { key }: IsPlanRunningParam): IsPlanRunningResponse {
  const plan = getPlan(turn, { key });
  const tasks = [...turn.channel.tasks.values()].filter((task) => task.computePlanKey === key);
  return { isRunning: !isTerminated(plan) && tasks.some((task) => !isFinal(task.status)) };
}
