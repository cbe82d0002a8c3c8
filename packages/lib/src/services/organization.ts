import type { Encoded } from '../codec/codec.ts';
import { encodePage } from '../codec/page.ts';
import { conflict } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import type {
  GetAllOrganizationsResponse,
  Organization,
  RegisterOrganizationParam,
} from '../gen/orchestrator/organization.ts';
import { toTimestamp } from '../time/instant.ts';
import type { Scope } from './scope.ts';

/** Organizations: who takes part in the channel. */
export class OrganizationService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** Registers the caller. @throws OrchestrationError OE0006 when it is registered already. */
  async registerOrganization(param: RegisterOrganizationParam): Promise<Organization> {
    const { context, dbal, events } = this.#scope;
    const registered = await dbal.organization.getRegisteredIds([context.mspid]);
    if (registered.has(context.mspid)) throw conflict('organization', context.mspid);
    const organization: Organization = {
      id: context.mspid,
      creationDate: toTimestamp(context.instant),
      address: param.address,
    };
    dbal.organization.addOrganization(organization);
    events.add(changes.organizationCreated(organization));
    return organization;
  }

  /** All organizations of the channel, by creation date then id. */
  async getAllOrganizations(): Promise<Encoded<GetAllOrganizationsResponse>> {
    const items = await this.#scope.dbal.organization.getAllOrganizations();
    return encodePage('GetAllOrganizations', { items });
  }
}
