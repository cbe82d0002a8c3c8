import {
  ComputePlan,
  type ComputePlanDbal,
  type ComputePlanFilter,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import { pageOfRows } from './page.ts';
import type { Row, Table } from './table.ts';

export class MemoryComputePlanDbal implements ComputePlanDbal {
  readonly #plans: Table<Row<ComputePlan>>;

  constructor(plans: Table<Row<ComputePlan>>) {
    this.#plans = plans;
  }

  async getComputePlans(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputePlan>>> {
    return this.#plans.getStored(keys);
  }

  addComputePlan(plan: ComputePlan): void {
    this.#plans.add(assetRow(ComputePlan, plan));
  }

  updateComputePlans(plans: readonly ComputePlan[]): void {
    for (const plan of plans) this.#plans.replace(assetRow(ComputePlan, plan));
  }

  async queryComputePlans(filter: ComputePlanFilter, page: PageRequest): Promise<Page<ComputePlan>> {
    const { owner } = filter;
    const rows = this.#plans.ordered().filter((row) => owner === undefined || row.stored.value.owner === owner);
    return pageOfRows(rows, page);
  }
}
