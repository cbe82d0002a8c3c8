import type { ComputePlan, NewComputePlan } from '../gen/orchestrator/computeplan.ts';
import { checkKey, checkMetadata, checkName, checkTag } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0101 */
export function validateNewComputePlan(plan: NewComputePlan): void {
  const problems = new Problems();
  checkKey(problems, 'key', plan.key);
  checkName(problems, 'name', plan.name);
  checkTag(problems, 'tag', plan.tag);
  checkMetadata(problems, 'metadata', plan.metadata);
  problems.throwIfAny();
}

/** Whether the plan was canceled or has failed; it stays so. */
export function isTerminated(plan: ComputePlan): boolean {
  return plan.cancelationDate !== undefined || plan.failureDate !== undefined;
}
