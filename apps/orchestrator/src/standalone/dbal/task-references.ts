import {
  ComputePlan,
  ComputeTask,
  DataManager,
  DataSample,
  type MessageCodec,
  Model,
  OrchestratorFunction,
  Stored,
  type TaskReferenceQuery,
  type TaskReferences,
} from '@orchestrator/lib';
import { uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { distinctUuids } from './keys.ts';
import { taskMessage, TASKS_OF_KEYS, WITH_STATUS } from './task-sql.ts';

/** Which table a row of the answer comes from. */
const Source = { Task: 1, Plan: 2, Function: 3, DataManager: 4, DataSample: 5, Model: 6, Organization: 7, PlanFunction: 8 } as const;

/**
 * Everything in one statement, each part an index lookup by its keys: $2 tasks, $3 plans, $4 functions, $5 assets,
 * $6 organizations. Rows are source, key, message, whether the task has a disabled model. EXISTS instead of the
 * subquery with LIMIT would let the planner hash all models of the channel for a large batch.
 */
const SELECT: Statement = {
  name: 'select_task_references',
  text: `
    WITH found AS MATERIALIZED (
      SELECT t.key, t.function_key, ${taskMessage('t.asset', 's.status')} AS asset,
        (
          SELECT true FROM models m WHERE m.channel = $1 AND m.compute_task_key = t.key AND m.disabled LIMIT 1
        ) IS TRUE AS has_disabled_model
      FROM unnest($2::uuid[]) AS k (key) ${TASKS_OF_KEYS} ${WITH_STATUS}
    )
    SELECT ${Source.Task}, key::text, asset, has_disabled_model FROM found
    UNION ALL
    SELECT ${Source.Plan}, key::text, asset, false FROM compute_plans WHERE channel = $1 AND key = ANY($3::uuid[])
    UNION ALL
    SELECT ${Source.Function}, f.key::text, f.asset, false
    FROM (SELECT unnest($4::uuid[]) AS key UNION SELECT function_key FROM found) k
    CROSS JOIN LATERAL (SELECT * FROM functions WHERE channel = $1 AND key = k.key OFFSET 0) f
    UNION ALL
    SELECT ${Source.DataManager}, key::text, asset, false FROM data_managers
    WHERE channel = $1 AND key = ANY($5::uuid[])
    UNION ALL
    SELECT ${Source.DataSample}, key::text, asset, false FROM data_samples
    WHERE channel = $1 AND key = ANY($5::uuid[])
    UNION ALL
    SELECT ${Source.Model}, key::text, asset, false FROM models WHERE channel = $1 AND key = ANY($5::uuid[])
    UNION ALL
    SELECT ${Source.Organization}, id, NULL, false FROM organizations WHERE channel = $1 AND id = ANY($6::text[])
    UNION ALL
    SELECT ${Source.PlanFunction}, compute_plan_key::text || function_key::text, NULL, false FROM compute_plan_functions
    WHERE channel = $1 AND compute_plan_key = ANY($3::uuid[]) AND function_key = ANY($4::uuid[])`,
};

/** What the store knows for a batch of new tasks. */
export interface FoundReferences {
  readonly references: TaskReferences;
  /** Plans that have a function already, as `planFunction` writes them. */
  readonly planFunctions: ReadonlySet<string>;
}

/** A plan and a function that it uses, as one text. */
export function planFunction(computePlanKey: string, functionKey: string): string {
  return computePlanKey + functionKey;
}

/** All that a batch of new tasks is checked against. */
export async function queryTaskReferences(scope: PostgresScope, query: TaskReferenceQuery): Promise<FoundReferences> {
  const rows = await scope.sql.query(SELECT, [
    scope.channelId,
    uuidArray(distinctUuids(query.taskKeys)),
    uuidArray(distinctUuids(query.computePlanKeys)),
    uuidArray(distinctUuids(query.functionKeys)),
    uuidArray(distinctUuids(query.assetKeys)),
    [...new Set(query.organizationIds)],
  ]);
  const bySource = Map.groupBy(rows, ([source]) => source);
  function keysOf(source: number): readonly string[] {
    return (bySource.get(source) ?? []).map(([, key]) => key as string);
  }
  function messagesOf<T>(source: number, codec: MessageCodec<T>): ReadonlyMap<string, Stored<T>> {
    const found = bySource.get(source) ?? [];
    return new Map(found.map(([, key, bytes]) => [key as string, new Stored(codec, bytes as Uint8Array)]));
  }
  const withDisabledModel = rows.filter(([, , , hasDisabledModel]) => hasDisabledModel === true);
  const references: TaskReferences = {
    tasks: messagesOf(Source.Task, ComputeTask),
    tasksWithDisabledModel: new Set(withDisabledModel.map(([, key]) => key as string)),
    computePlans: messagesOf(Source.Plan, ComputePlan),
    functions: messagesOf(Source.Function, OrchestratorFunction),
    dataManagers: messagesOf(Source.DataManager, DataManager),
    dataSamples: messagesOf(Source.DataSample, DataSample),
    models: messagesOf(Source.Model, Model),
    organizationIds: new Set(keysOf(Source.Organization)),
  };
  return { references, planFunctions: new Set(keysOf(Source.PlanFunction)) };
}
