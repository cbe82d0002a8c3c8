import {
  ApplyPlanActionParam,
  ApplyPlanActionResponse,
  ComputePlan,
  GetComputePlanParam,
  IsPlanRunningParam,
  IsPlanRunningResponse,
  NewComputePlan,
  QueryPlansParam,
  QueryPlansResponse,
  UpdateComputePlanParam,
  UpdateComputePlanResponse,
} from '../gen/orchestrator/computeplan.ts';
import { validateNewComputePlan } from '../assets/compute-plan.ts';
import { validateRename } from '../assets/rename.ts';
import { acceptAll, defineService, read, snapshot, touching, write } from './procedure.ts';

export const computePlanProcedures = defineService('ComputePlanService', {
  RegisterPlan: write(NewComputePlan, ComputePlan, validateNewComputePlan, (s, param) =>
    s.computePlan.registerPlan(param),
  ),
  GetPlan: read(GetComputePlanParam, ComputePlan, (s, param) => s.computePlan.getPlan(param.key)),
  ApplyPlanAction: touching(
    write(ApplyPlanActionParam, ApplyPlanActionResponse, acceptAll, (s, param) => s.computePlan.applyPlanAction(param)),
    ({ key }) => [{ plan: key }],
  ),
  QueryPlans: read(QueryPlansParam, QueryPlansResponse, (s, param) => s.computePlan.queryPlans(param)),
  UpdatePlan: touching(
    write(UpdateComputePlanParam, UpdateComputePlanResponse, validateRename, (s, param) =>
      s.computePlan.updatePlan(param),
    ),
    ({ key }) => [{ plan: key }],
  ),
  IsPlanRunning: snapshot(IsPlanRunningParam, IsPlanRunningResponse, (s, param) =>
    s.computePlan.isPlanRunning(param.key),
  ),
});
