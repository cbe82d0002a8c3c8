import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { ComputePlan } from '../gen/orchestrator/computeplan.ts';

export interface ComputePlanFilter {
  readonly owner?: string | undefined;
}

/** Compute plans of the transaction's channel. */
export interface ComputePlanDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getComputePlans(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputePlan>>>;
  addComputePlan(plan: ComputePlan): void;
  /** Replaces the stored plans of the same keys. */
  updateComputePlans(plans: readonly ComputePlan[]): void;
  /** By creation date then key. */
  queryComputePlans(filter: ComputePlanFilter, page: PageRequest): Promise<Page<ComputePlan>>;
}
