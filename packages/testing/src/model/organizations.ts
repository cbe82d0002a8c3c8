import {
  ErrorCode,
  type GetAllOrganizationsResponse,
  type Organization,
  type RegisterOrganizationParam,
} from '@orchestrator/lib';
import { emitCreated } from './emit.ts';
import { type Turn, demand, listed } from './state.ts';
import { validateAddress } from './validation.ts';

export function registerOrganization(turn: Turn, param: RegisterOrganizationParam): Organization {
  validateAddress(param.address);
  const { organizations } = turn.channel;
  demand(!organizations.has(turn.caller), ErrorCode.Conflict);
  const organization = { id: turn.caller, creationDate: turn.now, address: param.address };
  organizations.set(organization.id, organization);
  emitCreated(turn, { $case: 'organization', value: organization });
  return organization;
}

export function getAllOrganizations(turn: Turn): GetAllOrganizationsResponse {
  return { organizations: listed(turn.channel.organizations.values(), (each) => [each.id]) };
}
