import type { Stored } from '../codec/codec.ts';
import type { Page, PageRequest } from '../codec/page.ts';
import type { FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';

export interface FunctionFilter {
  /** Keep the functions that a task of this plan uses. */
  readonly computePlanKey?: string | undefined;
}

/** Functions of the transaction's channel. */
export interface FunctionDbal {
  /** Those of `keys` that exist, by key. Keys may repeat and may be no UUIDs. */
  getFunctions(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<OrchestratorFunction>>>;
  addFunction(fn: OrchestratorFunction): void;
  /** Replaces the stored function of the same key. */
  updateFunction(fn: OrchestratorFunction): void;
  /** By creation date then key, each once. Cursor of the adapter. */
  queryFunctions(filter: FunctionFilter, page: PageRequest): Promise<Page<OrchestratorFunction>>;
}
