import {
  type FunctionDbal,
  type FunctionFilter,
  OrchestratorFunction,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { assetRow } from './asset-row.ts';
import type { ChannelState } from './channel-state.ts';
import { pageOfRows } from './page.ts';

export class MemoryFunctionDbal implements FunctionDbal {
  readonly #state: ChannelState;

  constructor(state: ChannelState) {
    this.#state = state;
  }

  async getFunctions(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<OrchestratorFunction>>> {
    return this.#state.functions.getStored(keys);
  }

  addFunction(fn: OrchestratorFunction): void {
    this.#state.functions.add(assetRow(OrchestratorFunction, fn));
  }

  updateFunction(fn: OrchestratorFunction): void {
    this.#state.functions.replace(assetRow(OrchestratorFunction, fn));
  }

  async queryFunctions(filter: FunctionFilter, page: PageRequest): Promise<Page<OrchestratorFunction>> {
    const rows = this.#state.functions.ordered();
    const { computePlanKey } = filter;
    if (computePlanKey === undefined) return pageOfRows(rows, page);
    const used = this.#functionKeysOfPlan(computePlanKey);
    return pageOfRows(
      rows.filter((row) => used.has(row.id)),
      page,
    );
  }

  #functionKeysOfPlan(computePlanKey: string): Set<string> {
    const tasks = this.#state.computeTasks.ordered().map((row) => row.stored.value);
    return new Set(tasks.filter((task) => task.computePlanKey === computePlanKey).map((task) => task.functionKey));
  }
}
