import type { RegisterOrganizationParam } from '../gen/orchestrator/organization.ts';
import { checkOrganizationAddress } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0101 */
export function validateRegisterOrganization(param: RegisterOrganizationParam): void {
  const problems = new Problems();
  checkOrganizationAddress(problems, 'address', param.address);
  problems.throwIfAny();
}
