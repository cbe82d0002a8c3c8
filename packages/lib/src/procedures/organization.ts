import {
  GetAllOrganizationsParam,
  GetAllOrganizationsResponse,
  Organization,
  RegisterOrganizationParam,
} from '../gen/orchestrator/organization.ts';
import { validateRegisterOrganization } from '../assets/organization.ts';
import { defineService, read, write } from './procedure.ts';

export const organizationProcedures = defineService('OrganizationService', {
  RegisterOrganization: write(RegisterOrganizationParam, Organization, validateRegisterOrganization, (s, param) =>
    s.organization.registerOrganization(param),
  ),
  GetAllOrganizations: read(GetAllOrganizationsParam, GetAllOrganizationsResponse, (s) =>
    s.organization.getAllOrganizations(),
  ),
});
