import { Organization, type OrganizationDbal, Stored, creationInstant } from '@orchestrator/lib';
import type { Row, Table } from './table.ts';

export class MemoryOrganizationDbal implements OrganizationDbal {
  readonly #organizations: Table<Row<Organization>>;

  constructor(organizations: Table<Row<Organization>>) {
    this.#organizations = organizations;
  }

  async getRegisteredIds(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(this.#organizations.getStored(ids).keys());
  }

  async getAllOrganizations(): Promise<readonly Stored<Organization>[]> {
    return this.#organizations.ordered().map((row) => row.stored);
  }

  addOrganization(organization: Organization): void {
    const rank = { instant: creationInstant(organization), texts: [organization.id] };
    this.#organizations.add({ id: organization.id, rank, stored: Stored.of(Organization, organization) });
  }
}
