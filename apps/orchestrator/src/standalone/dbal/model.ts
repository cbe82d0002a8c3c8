import { creationInstant, isUuid, Model, type ModelDbal, Stored } from '@orchestrator/lib';
import { booleanArray, byteaArray, integerArray, uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { lastByKey, queryByKeys } from './keys.ts';

const SELECT_BY_KEYS: Statement = {
  name: 'select_models',
  text: 'SELECT key, asset FROM models WHERE channel = $1 AND key = ANY($2::uuid[])',
};

const INSERT: Statement = {
  name: 'insert_models',
  text: `
    INSERT INTO models (channel, key, disabled, asset, created, compute_task_key)
    SELECT $1, * FROM unnest($2::uuid[], $3::boolean[], $4::bytea[], $5::bigint[], $6::uuid[])`,
};

/** A model's task never changes. */
const UPDATE: Statement = {
  name: 'update_models',
  text: `
    UPDATE models AS stored SET disabled = new.disabled, asset = new.asset
    FROM unnest($2::uuid[], $3::boolean[], $4::bytea[]) AS new (key, disabled, asset)
    WHERE stored.channel = $1 AND stored.key = new.key`,
};

const SELECT_OF_TASK: Statement = {
  name: 'select_task_models',
  text: 'SELECT asset FROM models WHERE channel = $1 AND compute_task_key = $2 ORDER BY created, key',
};

/** Keys, whether disabled, and messages of models. */
function modelColumns(models: readonly Model[]): readonly unknown[] {
  return [
    uuidArray(models.map(({ key }) => key)),
    booleanArray(models.map(({ address }) => address === undefined)),
    byteaArray(models.map((model) => Model.encode(model).finish())),
  ];
}

export class PostgresModelDbal implements ModelDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getModels(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<Model>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: Model, keys });
  }

  addModels(models: readonly Model[]): void {
    if (models.length === 0) return;
    const created = integerArray(models.map(creationInstant));
    const taskKeys = uuidArray(models.map(({ computeTaskKey }) => computeTaskKey));
    this.#scope.sql.send(INSERT, [this.#scope.channelId, ...modelColumns(models), created, taskKeys]);
  }

  updateModels(models: readonly Model[]): void {
    const changed = lastByKey(models);
    if (changed.length === 0) return;
    this.#scope.sql.send(UPDATE, [this.#scope.channelId, ...modelColumns(changed)]);
  }

  async getTaskModels(computeTaskKey: string): Promise<readonly Stored<Model>[]> {
    if (!isUuid(computeTaskKey)) return [];
    const rows = await this.#scope.sql.query(SELECT_OF_TASK, [this.#scope.channelId, computeTaskKey]);
    return rows.map(([bytes]) => new Stored(Model, bytes as Uint8Array));
  }
}
