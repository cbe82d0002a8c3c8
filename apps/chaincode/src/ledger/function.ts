import {
  type FunctionDbal,
  type FunctionFilter,
  isUuid,
  OrchestratorFunction,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { pageOfChosen } from './chosen-page.ts';
import { scanIndex } from './index-scan.ts';
import { KeyedAssets } from './keyed-assets.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { EMPTY_PAGE } from './page.ts';
import { type PlanItem, planPrefix } from './task-indexes.ts';

export class LedgerFunctionDbal implements FunctionDbal {
  readonly #transaction: LedgerTransaction;
  readonly #assets: KeyedAssets<OrchestratorFunction>;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
    this.#assets = new KeyedAssets(transaction, { kind: 'function', message: 'Function', codec: OrchestratorFunction });
  }

  getFunctions(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<OrchestratorFunction>>> {
    return this.#assets.get(keys);
  }

  addFunction(fn: OrchestratorFunction): void {
    this.#assets.add([fn]);
  }

  updateFunction(fn: OrchestratorFunction): void {
    this.#assets.replace([fn]);
  }

  async queryFunctions({ computePlanKey }: FunctionFilter, page: PageRequest): Promise<Page<OrchestratorFunction>> {
    if (computePlanKey === undefined) return this.#assets.query(page);
    if (!isUuid(computePlanKey)) return EMPTY_PAGE;
    return pageOfChosen(async () => this.#assets.get(await this.#functionKeysOf(computePlanKey)), page);
  }

  async #functionKeysOf(computePlanKey: string): Promise<string[]> {
    await this.#transaction.settled();
    const keys = new Set<string>();
    for await (const { items } of scanIndex(this.#transaction, planPrefix(computePlanKey))) {
      for (const [, functionKey] of items as readonly PlanItem[]) keys.add(functionKey);
    }
    return [...keys];
  }
}
