import type { Stored } from '../codec/codec.ts';
import type { Organization } from '../gen/orchestrator/organization.ts';

/** Organizations of the transaction's channel. */
export interface OrganizationDbal {
  /** Those of `ids` that are registered. Ids may repeat and may be anything. */
  getRegisteredIds(ids: readonly string[]): Promise<ReadonlySet<string>>;
  /** All, by creation date then id (by UTF-8 byte). */
  getAllOrganizations(): Promise<readonly Stored<Organization>[]>;
  addOrganization(organization: Organization): void;
}
