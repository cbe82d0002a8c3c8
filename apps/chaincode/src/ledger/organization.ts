import { Organization, type OrganizationDbal, type Stored } from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import { scanRanks } from './index-scan.ts';
import { encodePart, indexPrefix } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

const CREATED = indexPrefix('created', 'organization');

export class LedgerOrganizationDbal implements OrganizationDbal {
  readonly #transaction: LedgerTransaction;
  readonly #store: AssetStore<Organization>;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
    this.#store = new AssetStore(transaction, { kind: 'organization', message: 'Organization', codec: Organization });
  }

  async getRegisteredIds(ids: readonly string[]): Promise<ReadonlySet<string>> {
    await this.#transaction.settled();
    const wanted = [...new Set(ids)];
    const found = await Promise.all(wanted.map((id) => this.#exists(id)));
    return new Set(wanted.filter((_, index) => found[index]));
  }

  async #exists(id: string): Promise<boolean> {
    const part = encodePart(id);
    if (part === undefined || part === '') return false;
    return (await this.#store.getRecord(part)) !== undefined;
  }

  async getAllOrganizations(): Promise<readonly Stored<Organization>[]> {
    await this.#transaction.settled();
    const all: Stored<Organization>[] = [];
    for await (const { texts } of scanRanks(this.#transaction, { prefix: CREATED })) {
      const record = await this.#store.getRecord(encodePart(texts[0] ?? '') ?? '');
      if (record !== undefined) all.push(record.stored);
    }
    return all;
  }

  addOrganization(organization: Organization): void {
    const part = encodePart(organization.id);
    if (part === undefined || part === '') throw new Error('an organization has no id, or one that is too long');
    this.#transaction.later(async () => {
      await this.#store.add([part], organization);
      this.#transaction.append(CREATED, [JSON.stringify(organization.id)]);
    });
  }
}
