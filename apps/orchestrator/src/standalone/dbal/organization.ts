import { creationInstant, Organization, type OrganizationDbal, Stored } from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';

const SELECT_IDS: Statement = {
  name: 'select_organization_ids',
  text: 'SELECT id FROM organizations WHERE channel = $1 AND id = ANY($2::text[])',
};

const SELECT_ALL: Statement = {
  name: 'select_organizations',
  text: 'SELECT asset FROM organizations WHERE channel = $1 ORDER BY created, id',
};

const INSERT: Statement = {
  name: 'insert_organization',
  text: 'INSERT INTO organizations (channel, id, created, asset) VALUES ($1, $2, $3, $4)',
};

export class PostgresOrganizationDbal implements OrganizationDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  async getRegisteredIds(ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (ids.length === 0) return new Set();
    const rows = await this.#scope.sql.query(SELECT_IDS, [this.#scope.channelId, [...new Set(ids)]]);
    return new Set(rows.map(([id]) => id as string));
  }

  async getAllOrganizations(): Promise<readonly Stored<Organization>[]> {
    const rows = await this.#scope.sql.query(SELECT_ALL, [this.#scope.channelId]);
    return rows.map(([bytes]) => new Stored(Organization, bytes as Uint8Array));
  }

  addOrganization(organization: Organization): void {
    const bytes = Organization.encode(organization).finish();
    this.#scope.sql.send(INSERT, [this.#scope.channelId, organization.id, creationInstant(organization), bytes]);
  }
}
