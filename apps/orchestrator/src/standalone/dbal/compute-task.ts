import {
  ComputeTask,
  type ComputeTaskDbal,
  type ComputeTaskFilter,
  type ComputeTaskOutputAsset,
  ComputeTaskStatus,
  encodeTaskBody,
  isUuid,
  type NewStoredTask,
  type Page,
  type PageRequest,
  Stored,
  type TaskReadiness,
  type TaskReferenceQuery,
  type TaskReferences,
} from '@orchestrator/lib';
import { byteaArray, instantArray, integerArray, uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { distinctUuids, lastByKey, queryByKeys } from './keys.ts';
import { queryTaskPage } from './task-listing.ts';
import { planFunction, queryTaskReferences } from './task-references.ts';
import { taskMessage, TASKS_OF_KEYS, WITH_STATUS } from './task-sql.ts';

const TASK = taskMessage('t.asset', 's.status');

const SELECT_BY_KEYS: Statement = {
  name: 'select_compute_tasks',
  text: `SELECT t.key, ${TASK} FROM unnest($2::uuid[]) AS k (key) ${TASKS_OF_KEYS} ${WITH_STATUS}`,
};

const PLAN_FUNCTIONS = `, plan_functions AS (
      INSERT INTO compute_plan_functions (channel, compute_plan_key, function_key)
      SELECT DISTINCT $1::integer, * FROM unnest($4::uuid[], $6::uuid[])
      ON CONFLICT DO NOTHING
    )`;

/** Tasks ($2 to $8) and their parents ($9, $10). */
function insertText(planFunctions: string): string {
  return `
    WITH tasks AS (
      INSERT INTO compute_tasks (channel, key, created, compute_plan_key, function_key, worker, asset)
      SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $6::uuid[], $7::text[], $8::bytea[])
    ), statuses AS (
      INSERT INTO compute_task_statuses (channel, key, created, compute_plan_key, status)
      SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::smallint[])
    )${planFunctions}
    INSERT INTO compute_task_parents (channel, child_key, parent_key)
    SELECT $1, * FROM unnest($9::uuid[], $10::uuid[])`;
}

const INSERT: Statement = { name: 'insert_compute_tasks', text: insertText(PLAN_FUNCTIONS) };

/** For plans that have the functions already, all but always: a third less of the database's time for a single task. */
const INSERT_TO_KNOWN: Statement = { name: 'insert_compute_tasks_to_known', text: insertText('') };

/** An upsert of rows that are there: it goes by the primary key whatever the statistics say, an UPDATE joins. */
const UPDATE_STATUSES: Statement = {
  name: 'update_compute_task_statuses',
  text: `
    INSERT INTO compute_task_statuses AS stored (channel, key, created, compute_plan_key, status)
    SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::smallint[])
    ON CONFLICT (channel, key) DO UPDATE SET status = excluded.status`,
};

const PARENTS_DONE = `
  (
    SELECT true FROM compute_task_parents p
    CROSS JOIN LATERAL (
      SELECT status FROM compute_task_statuses WHERE channel = p.channel AND key = p.parent_key OFFSET 0
    ) parent
    WHERE p.channel = $1 AND p.child_key = t.key AND parent.status <> ${ComputeTaskStatus.STATUS_DONE}
    LIMIT 1
  ) IS NULL`;

const SELECT_OF_FUNCTION: Statement = {
  name: 'select_function_tasks',
  text: `
    SELECT ${TASK}, ${PARENTS_DONE}
    FROM compute_tasks t ${WITH_STATUS}
    WHERE t.channel = $1 AND t.function_key = $2 AND s.status = ANY($3::smallint[])
    ORDER BY t.created, t.key`,
};

const SELECT_CHILDREN: Statement = {
  name: 'select_child_tasks',
  text: `
    SELECT ${TASK}, ${PARENTS_DONE}
    FROM (SELECT child_key AS key FROM compute_task_parents WHERE channel = $1 AND parent_key = $2) k
    ${TASKS_OF_KEYS} ${WITH_STATUS}
    WHERE s.status = ANY($3::smallint[])
    ORDER BY t.created, t.key`,
};

/** The condition is the predicate of `ix_compute_task_statuses_compute_plan_key`, word for word. */
const SELECT_UNFINISHED: Statement = {
  name: 'select_unfinished_task',
  text: `
    SELECT EXISTS (
      SELECT FROM compute_task_statuses WHERE channel = $1 AND compute_plan_key = $2 AND status NOT IN (4, 5, 6)
    )`,
};

const SELECT_OUTPUT_ASSETS: Statement = {
  name: 'select_output_assets',
  text: `
    SELECT compute_task_key, identifier, asset_kind, asset_key FROM compute_task_output_assets
    WHERE channel = $1 AND compute_task_key = ANY($2::uuid[])
    ORDER BY ordinal`,
};

const INSERT_OUTPUT_ASSETS: Statement = {
  name: 'insert_output_assets',
  text: `
    INSERT INTO compute_task_output_assets (channel, compute_task_key, identifier, asset_kind, asset_key)
    SELECT $1, compute_task_key, identifier, asset_kind, asset_key
    FROM unnest($2::uuid[], $3::text[], $4::smallint[], $5::text[])
      WITH ORDINALITY AS new (compute_task_key, identifier, asset_kind, asset_key, place)
    ORDER BY place`,
};

const ALL_STATUSES: readonly ComputeTaskStatus[] = Object.values(ComputeTaskStatus);

/** Keys, creation instants, plans and statuses of tasks. */
function statusColumns(tasks: readonly ComputeTask[]): readonly unknown[] {
  return [
    uuidArray(tasks.map(({ key }) => key)),
    instantArray(tasks.map(({ creationDate }) => creationDate)),
    uuidArray(tasks.map(({ computePlanKey }) => computePlanKey)),
    integerArray(tasks.map(({ status }) => status)),
  ];
}

function toReadiness([bytes, parentsDone]: readonly unknown[]): TaskReadiness {
  return { task: new Stored(ComputeTask, bytes as Uint8Array), parentsDone: parentsDone as boolean };
}

export class PostgresComputeTaskDbal implements ComputeTaskDbal {
  readonly #scope: PostgresScope;
  /** As far as this request has looked. */
  #planFunctions: ReadonlySet<string> = new Set();

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  getComputeTasks(keys: readonly string[]): Promise<ReadonlyMap<string, Stored<ComputeTask>>> {
    return queryByKeys(this.#scope, { statement: SELECT_BY_KEYS, codec: ComputeTask, keys });
  }

  async getTaskReferences(query: TaskReferenceQuery): Promise<TaskReferences> {
    const { references, planFunctions } = await queryTaskReferences(this.#scope, query);
    this.#planFunctions = planFunctions;
    return references;
  }

  addComputeTasks(added: readonly NewStoredTask[]): void {
    if (added.length === 0) return;
    const tasks = added.map(({ task }) => task);
    const edges = added.flatMap(({ task, parentKeys }) => parentKeys.map((parentKey) => [task.key, parentKey] as const));
    const areKnown = tasks.every((task) => this.#planFunctions.has(planFunction(task.computePlanKey, task.functionKey)));
    this.#scope.sql.send(areKnown ? INSERT_TO_KNOWN : INSERT, [
      this.#scope.channelId,
      ...statusColumns(tasks),
      uuidArray(tasks.map(({ functionKey }) => functionKey)),
      tasks.map(({ worker }) => worker),
      byteaArray(tasks.map(encodeTaskBody)),
      uuidArray(edges.map(([childKey]) => childKey)),
      uuidArray(edges.map(([, parentKey]) => parentKey)),
    ]);
  }

  updateComputeTaskStatuses(tasks: readonly ComputeTask[]): void {
    const changed = lastByKey(tasks);
    if (changed.length === 0) return;
    this.#scope.sql.send(UPDATE_STATUSES, [this.#scope.channelId, ...statusColumns(changed)]);
  }

  async getFunctionTasks(
    functionKey: string,
    statuses: readonly ComputeTaskStatus[],
  ): Promise<readonly TaskReadiness[]> {
    if (!isUuid(functionKey)) return [];
    const parameters = [this.#scope.channelId, functionKey, integerArray(statuses)];
    return (await this.#scope.sql.query(SELECT_OF_FUNCTION, parameters)).map(toReadiness);
  }

  async getChildTasks(
    parentKey: string,
    statuses: readonly ComputeTaskStatus[] = ALL_STATUSES,
  ): Promise<readonly TaskReadiness[]> {
    if (!isUuid(parentKey)) return [];
    const parameters = [this.#scope.channelId, parentKey, integerArray(statuses)];
    return (await this.#scope.sql.query(SELECT_CHILDREN, parameters)).map(toReadiness);
  }

  async hasUnfinishedTask(computePlanKey: string): Promise<boolean> {
    if (!isUuid(computePlanKey)) return false;
    const [row] = await this.#scope.sql.query(SELECT_UNFINISHED, [this.#scope.channelId, computePlanKey]);
    return row?.[0] === true;
  }

  queryComputeTasks(filter: ComputeTaskFilter, page: PageRequest): Promise<Page<ComputeTask>> {
    return queryTaskPage(this.#scope, filter, page);
  }

  async getOutputAssets(taskKeys: readonly string[]): Promise<readonly ComputeTaskOutputAsset[]> {
    const keys = distinctUuids(taskKeys);
    if (keys.length === 0) return [];
    const rows = await this.#scope.sql.query(SELECT_OUTPUT_ASSETS, [this.#scope.channelId, uuidArray(keys)]);
    return rows.map(([computeTaskKey, identifier, assetKind, assetKey]) => ({
      computeTaskKey: computeTaskKey as string,
      computeTaskOutputIdentifier: identifier as string,
      assetKind: assetKind as ComputeTaskOutputAsset['assetKind'],
      assetKey: assetKey as string,
    }));
  }

  addOutputAssets(outputAssets: readonly ComputeTaskOutputAsset[]): void {
    if (outputAssets.length === 0) return;
    this.#scope.sql.send(INSERT_OUTPUT_ASSETS, [
      this.#scope.channelId,
      uuidArray(outputAssets.map(({ computeTaskKey }) => computeTaskKey)),
      outputAssets.map(({ computeTaskOutputIdentifier }) => computeTaskOutputIdentifier),
      integerArray(outputAssets.map(({ assetKind }) => assetKind)),
      outputAssets.map(({ assetKey }) => assetKey),
    ]);
  }
}
