import { ComputePlan, type ComputePlanDbal, type ComputePlanFilter, type Page, type PageRequest, type Stored } from '@orchestrator/lib';
import { KeyedAssets } from './keyed-assets.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

export class LedgerComputePlanDbal implements ComputePlanDbal {
  readonly #assets: KeyedAssets<ComputePlan>;

  constructor(transaction: LedgerTransaction) {
    this.#assets = new KeyedAssets(transaction, { kind: 'computeplan', message: 'ComputePlan', codec: ComputePlan });
  }

  getComputePlans(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputePlan>>> {
    return this.#assets.get(keys);
  }

  addComputePlan(plan: ComputePlan): void {
    this.#assets.add([plan]);
  }

  updateComputePlans(plans: readonly ComputePlan[]): void {
    this.#assets.replace(plans);
  }

  queryComputePlans({ owner }: ComputePlanFilter, page: PageRequest): Promise<Page<ComputePlan>> {
    return this.#assets.query(page, (plan) => owner === undefined || plan.owner === owner);
  }
}
