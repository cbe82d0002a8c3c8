import { ComputeTaskStatus, type Dbal } from '@orchestrator/lib';
import { buildComputeTask, createRandom } from '@orchestrator/testing';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../migrations/migrate.ts';
import { explain, explainGeneric, nodesOf, type PlanNode, statementsOf } from './plan-testing.ts';

/*
 * The first large batch of a new database comes before the first statistics, and its tasks are propagated before them
 * too: what is written and read there must stay linear although the planner believes that every table is tiny.
 */

const TASK_COUNT = 1000;
/** A row may pass several nodes of a plan, and be tried by several lookups. */
const MAX_ROWS_PER_TASK = 30;

const { STATUS_BUILDING, STATUS_WAITING_FOR_EXECUTOR_SLOT } = ComputeTaskStatus;
const random = createRandom(11);
const rootKey = random.key();
const functionKey = random.key();
const computePlanKey = random.key();
const creationDate = { seconds: 1n, nanos: 0 };
const tasks = Array.from({ length: TASK_COUNT }, () =>
  buildComputeTask(random, { functionKey, computePlanKey, creationDate, status: STATUS_BUILDING }),
);
const keys = tasks.map(({ key }) => key);

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
  for (const table of ['compute_tasks', 'compute_task_statuses', 'compute_task_parents']) {
    await client.query(`ALTER TABLE ${table} SET (autovacuum_enabled = false)`);
  }
  const root = buildComputeTask(random, { key: rootKey, functionKey, computePlanKey, creationDate });
  const added = [{ task: root, parentKeys: [] }, ...tasks.map((task) => ({ task, parentKeys: [rootKey] }))];
  for (const { text, parameters } of await statementsOf((dbal) => dbal.computeTask.addComputeTasks(added))) {
    await client.query(text, [...parameters]);
  }
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

function rowsVisited(node: PlanNode): number {
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Join Filter'] ?? 0);
  return ((node['Actual Rows'] ?? 0) + removed) * (node['Actual Loops'] ?? 0);
}

const propagations: readonly [string, (dbal: Dbal) => unknown][] = [
  ['the tasks of a function', ({ computeTask }) => computeTask.getFunctionTasks(functionKey, [STATUS_BUILDING])],
  ['the children of a task', ({ computeTask }) => computeTask.getChildTasks(rootKey, [STATUS_BUILDING])],
  ['tasks by their keys', ({ computeTask }) => computeTask.getComputeTasks(keys)],
  ['a page of waiting tasks', ({ computeTask }) =>
    computeTask.queryComputeTasks({ status: STATUS_BUILDING, computePlanKey }, { size: TASK_COUNT, maxBytes: 1e7 })],
  ['a page of a plan', ({ computeTask }) =>
    computeTask.queryComputeTasks({ computePlanKey, worker: 'any' }, { size: TASK_COUNT, maxBytes: 1e7 })],
  ['the references of new tasks', ({ computeTask }) => {
    const some = { computePlanKeys: [computePlanKey], functionKeys: [functionKey], organizationIds: ['one'] };
    return computeTask.getTaskReferences({ ...some, taskKeys: keys, assetKeys: keys });
  }],
  ['new statuses', ({ computeTask }) =>
    computeTask.updateComputeTaskStatuses(tasks.map((task) => ({ ...task, status: STATUS_WAITING_FOR_EXECUTOR_SLOT })))],
];

it('has no statistics here', async () => {
  expect((await client.query("SELECT FROM pg_stats WHERE tablename LIKE 'compute_task%'")).rows).toEqual([]);
});

it.each(propagations)('reads no row again and again without statistics: %s', async (_, work) => {
  for (const statement of await statementsOf(work)) {
    for (const plan of [explain, explainGeneric]) {
      await client.query('BEGIN');
      const visited = nodesOf(await plan(client, 'EXPLAIN ANALYZE', statement)).reduce((sum, node) => sum + rowsVisited(node), 0);
      await client.query('ROLLBACK');
      expect(visited).toBeLessThan(TASK_COUNT * MAX_ROWS_PER_TASK);
    }
  }
});
