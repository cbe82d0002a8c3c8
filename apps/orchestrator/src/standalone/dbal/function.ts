import {
  creationInstant,
  type FunctionDbal,
  type FunctionFilter,
  isUuid,
  OrchestratorFunction,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { queryByKeys } from './keys.ts';
import { afterKey, type Condition, EMPTY_PAGE, type Listing, queryPage } from './page.ts';

const SELECT_BY_KEYS: Statement = {
  name: 'select_functions',
  text: 'SELECT key, asset FROM functions WHERE channel = $1 AND key = ANY($2::uuid[])',
};

const INSERT: Statement = {
  name: 'insert_function',
  text: 'INSERT INTO functions (channel, key, created, asset) VALUES ($1, $2, $3, $4)',
};

const UPDATE: Statement = {
  name: 'update_function',
  text: 'UPDATE functions SET asset = $3 WHERE channel = $1 AND key = $2',
};

const LISTING: Listing = {
  name: 'query_functions',
  rows: 'SELECT created, key, asset AS bytes FROM functions',
  where: 'channel = $1',
  order: 'created, key',
};

function filterConditions(computePlanKey: string | undefined): readonly Condition[] {
  if (computePlanKey === undefined) return [];
  const text = 'key IN (SELECT function_key FROM compute_plan_functions WHERE channel = $1 AND compute_plan_key = ?::uuid)';
  return [{ name: 'plan', text, values: [computePlanKey] }];
}

export class PostgresFunctionDbal implements FunctionDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getFunctions(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<OrchestratorFunction>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: OrchestratorFunction, keys });
  }

  addFunction(fn: OrchestratorFunction): void {
    const bytes = OrchestratorFunction.encode(fn).finish();
    this.#scope.sql.send(INSERT, [this.#scope.channelId, fn.key, creationInstant(fn), bytes]);
  }

  updateFunction(fn: OrchestratorFunction): void {
    const bytes = OrchestratorFunction.encode(fn).finish();
    this.#scope.sql.send(UPDATE, [this.#scope.channelId, fn.key, bytes]);
  }

  async queryFunctions(filter: FunctionFilter, page: PageRequest): Promise<Page<OrchestratorFunction>> {
    const after = afterKey(page.after);
    if (filter.computePlanKey !== undefined && !isUuid(filter.computePlanKey)) return EMPTY_PAGE;
    const conditions = filterConditions(filter.computePlanKey);
    return queryPage(this.#scope, { listing: LISTING, codec: OrchestratorFunction, filter: conditions, after, page });
  }
}
