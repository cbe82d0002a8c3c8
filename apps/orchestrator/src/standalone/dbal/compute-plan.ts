import {
  ComputePlan,
  type ComputePlanDbal,
  type ComputePlanFilter,
  creationInstant,
  type Page,
  type PageRequest,
  type Stored,
} from '@orchestrator/lib';
import { byteaArray, uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { lastByKey, queryByKeys } from './keys.ts';
import { afterKey, type Condition, type Listing, queryPage } from './page.ts';

const SELECT_BY_KEYS: Statement = {
  name: 'select_compute_plans',
  text: 'SELECT key, asset FROM compute_plans WHERE channel = $1 AND key = ANY($2::uuid[])',
};

const INSERT: Statement = {
  name: 'insert_compute_plan',
  text: 'INSERT INTO compute_plans (channel, key, created, owner, asset) VALUES ($1, $2, $3, $4, $5)',
};

/** A plan's owner never changes. */
const UPDATE: Statement = {
  name: 'update_compute_plans',
  text: `
    UPDATE compute_plans AS stored SET asset = new.asset
    FROM unnest($2::uuid[], $3::bytea[]) AS new (key, asset)
    WHERE stored.channel = $1 AND stored.key = new.key`,
};

const LISTING: Listing = {
  name: 'query_compute_plans',
  rows: 'SELECT created, key, asset AS bytes FROM compute_plans',
  where: 'channel = $1',
  order: 'created, key',
};

export class PostgresComputePlanDbal implements ComputePlanDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getComputePlans(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputePlan>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: ComputePlan, keys });
  }

  addComputePlan(plan: ComputePlan): void {
    const bytes = ComputePlan.encode(plan).finish();
    this.#scope.sql.send(INSERT, [this.#scope.channelId, plan.key, creationInstant(plan), plan.owner, bytes]);
  }

  updateComputePlans(plans: readonly ComputePlan[]): void {
    const changed = lastByKey(plans);
    if (changed.length === 0) return;
    const keys = uuidArray(changed.map(({ key }) => key));
    const assets = byteaArray(changed.map((plan) => ComputePlan.encode(plan).finish()));
    this.#scope.sql.send(UPDATE, [this.#scope.channelId, keys, assets]);
  }

  async queryComputePlans({ owner }: ComputePlanFilter, page: PageRequest): Promise<Page<ComputePlan>> {
    const after = afterKey(page.after);
    const filter: Condition[] = owner === undefined ? [] : [{ name: 'owner', text: 'owner = ?', values: [owner] }];
    return queryPage(this.#scope, { listing: LISTING, codec: ComputePlan, filter, after, page });
  }
}
