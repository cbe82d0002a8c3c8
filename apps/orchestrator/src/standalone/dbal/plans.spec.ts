import { randomUUID } from 'node:crypto';
import {
  AssetKind,
  ComputePlan,
  ComputeTaskStatus,
  type Dbal,
  type EventFilter,
  EventKind,
  Model,
  type PageRequest,
} from '@orchestrator/lib';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from '../migrations/migrate.ts';
import { explain, explainGeneric, nodesOf, type SentStatement, statementsOf } from './plan-testing.ts';

/** In two channels; of other assets there are fewer. */
const EVENT_COUNT = 200_000;
const TASK_COUNT = 100_000;

/**
 * What a busy network looks like: nearly all tasks are done, each task has a parent and two events, `$i` counts rows.
 * A key is the md5 of its kind and number. The indexes are made behind the rows, in half the time.
 */
const FILL = `
  DO $$ DECLARE filled text; BEGIN
    FOR filled IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
      EXECUTE format('ALTER TABLE %I SET UNLOGGED', filled);
    END LOOP;
  END $$;
  CREATE TEMP TABLE later AS SELECT indexname, indexdef FROM pg_indexes WHERE starts_with(indexname, 'ix_');
  DO $$ DECLARE made text; BEGIN
    FOR made IN SELECT indexname FROM later LOOP EXECUTE format('DROP INDEX %I', made); END LOOP;
  END $$;
  CREATE FUNCTION pg_temp.key_of(kind text, i bigint) RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT md5(kind || i)::uuid $$;
  CREATE TEMP TABLE numbers AS SELECT i, 1 + i % 2 AS channel FROM generate_series(1, ${EVENT_COUNT}) AS i;
  INSERT INTO channels (name) VALUES ('one'), ('two');
  INSERT INTO functions SELECT channel, pg_temp.key_of('function', i), i, '\\x00' FROM numbers WHERE i <= 4000;
  INSERT INTO data_managers SELECT channel, pg_temp.key_of('manager', i), i, '\\x00' FROM numbers WHERE i <= 4000;
  INSERT INTO data_samples SELECT channel, pg_temp.key_of('sample', i), i, '\\x00' FROM numbers WHERE i <= 20000;
  INSERT INTO data_sample_managers
    SELECT channel, pg_temp.key_of('sample', i), pg_temp.key_of('manager', 1 + i % 100), i FROM numbers WHERE i <= 20000;
  INSERT INTO compute_plans SELECT channel, pg_temp.key_of('plan', i), i, 'org' || i % 7, '\\x00' FROM numbers WHERE i <= 4000;
  INSERT INTO compute_plan_functions
    SELECT channel, pg_temp.key_of('plan', i % 4000), pg_temp.key_of('function', i % 4000) FROM numbers WHERE i <= 4000;
  INSERT INTO compute_tasks
    SELECT channel, pg_temp.key_of('task', i), i / 50, pg_temp.key_of('plan', i % 4000), pg_temp.key_of('function', i % 400),
      'org' || i % 5, '\\x00' FROM numbers WHERE i <= ${TASK_COUNT};
  INSERT INTO compute_task_statuses
    SELECT channel, pg_temp.key_of('task', i), CASE WHEN i < ${TASK_COUNT * 0.98} THEN 4 ELSE 1 + i % 8 END, i / 50,
      pg_temp.key_of('plan', i % 4000) FROM numbers WHERE i <= ${TASK_COUNT};
  INSERT INTO compute_task_parents
    SELECT channel, pg_temp.key_of('task', i), pg_temp.key_of('task', i - 2) FROM numbers WHERE i BETWEEN 3 AND ${TASK_COUNT};
  INSERT INTO models
    SELECT channel, pg_temp.key_of('model', i), i, pg_temp.key_of('task', i), i % 9 = 0, '\\x00' FROM numbers WHERE i <= 20000;
  INSERT INTO compute_task_output_assets (channel, compute_task_key, identifier, asset_kind, asset_key)
    SELECT channel, pg_temp.key_of('task', i), 'model', 8, pg_temp.key_of('model', i)::text FROM numbers WHERE i <= 20000;
  INSERT INTO performances
    SELECT channel, pg_temp.key_of('task', i), 'metric' || i % 9, i, '\\x00' FROM numbers WHERE i <= 20000;
  INSERT INTO organizations SELECT channel, 'org' || i, i, '\\x00' FROM numbers WHERE i <= 4000;
  INSERT INTO failure_reports SELECT channel, pg_temp.key_of('task', i), '\\x00' FROM numbers WHERE i <= 20000;
  INSERT INTO replays (channel, mspid, key, digest, answer) SELECT channel, 'org' || i % 5, i, '', '' FROM numbers WHERE i <= 20000;
  INSERT INTO events
    SELECT channel, i, pg_temp.key_of('event', i), i / 10, (ARRAY[1, 3, 4, 5, 6, 6, 6, 6, 6, 7, 8, 9])[1 + i % 12],
      CASE WHEN i % 1000 = 0 THEN 3 ELSE 1 + i % 2 END, pg_temp.key_of('task', i / 4)::text,
      CASE WHEN i % 3 = 0 THEN jsonb_build_object('reason', CASE WHEN i % 2 = 0 THEN 'User action' ELSE 'task ' || i END) END,
      '\\x00' FROM numbers;
  DO $$ DECLARE definition text; BEGIN
    FOR definition IN SELECT indexdef FROM later LOOP EXECUTE definition; END LOOP;
  END $$;
  ANALYZE;`;

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query(FILL);
}, 60_000);

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

/** The tables of which a statement reads every row, with the parameters known to the planner and without. */
async function tablesReadWhole(statement: SentStatement): Promise<readonly string[]> {
  const plans = [await explain(client, 'EXPLAIN', statement), await explainGeneric(client, 'EXPLAIN', statement)];
  const scans = plans.flatMap(nodesOf).filter((node) => node['Node Type'] === 'Seq Scan');
  return scans.map((node) => node['Relation Name'] ?? 'a table');
}

async function expectIndexed(work: (dbal: Dbal) => unknown): Promise<void> {
  const statements = await statementsOf(work);
  expect(statements).not.toEqual([]);
  for (const statement of statements) expect(await tablesReadWhole(statement), statement.name).toEqual([]);
}

const key = randomUUID();
const FIRST: PageRequest = { size: 50, maxBytes: 4_000_000 };
const KEYED_PAGES: readonly PageRequest[] = [FIRST, { ...FIRST, after: ['1700', key] }];

/** Every way to give some of the filter's fields. */
function combinations<T extends object>(filter: T): readonly Partial<T>[] {
  return Object.entries(filter).reduce<readonly Partial<T>[]>(
    (all, [name, value]) => all.flatMap((some) => [some, { ...some, [name]: value }]),
    [{}],
  );
}

describe('pages are read by an index', () => {
  const { STATUS_DONE, STATUS_WAITING_FOR_EXECUTOR_SLOT } = ComputeTaskStatus;
  it.each([STATUS_DONE, STATUS_WAITING_FOR_EXECUTOR_SLOT])('of tasks, with every filter, status %i', async (status) => {
    for (const filter of combinations({ worker: 'org1', status, computePlanKey: key, functionKey: key })) {
      for (const page of KEYED_PAGES) await expectIndexed((dbal) => dbal.computeTask.queryComputeTasks(filter, page));
    }
  });

  it.each([false, true])('of events, with every filter, descending: %s', async (descending) => {
    const filter: EventFilter = {
      assetKey: key,
      assetKind: AssetKind.ASSET_COMPUTE_TASK,
      eventKind: EventKind.EVENT_ASSET_DISABLED,
      metadata: new Map([['reason', 'User action']]),
      start: 5000n,
      end: 9000n,
    };
    for (const some of [...combinations(filter), { metadata: new Map([['other', 'value']]) }]) {
      for (const page of [FIRST, { ...FIRST, after: ['70000'] }]) {
        await expectIndexed((dbal) => dbal.event.queryEvents(some, descending, page));
      }
    }
  });

  it('of all other assets, with every filter', async () => {
    for (const page of KEYED_PAGES) {
      await expectIndexed((dbal) => dbal.function.queryFunctions({}, page));
      await expectIndexed((dbal) => dbal.function.queryFunctions({ computePlanKey: key }, page));
      await expectIndexed((dbal) => dbal.dataManager.queryDataManagers(page));
      await expectIndexed((dbal) => dbal.dataSample.queryDataSamples({}, page));
      await expectIndexed((dbal) => dbal.dataSample.queryDataSamples({ keys: [key, randomUUID()] }, page));
      await expectIndexed((dbal) => dbal.computePlan.queryComputePlans({}, page));
      await expectIndexed((dbal) => dbal.computePlan.queryComputePlans({ owner: 'org1' }, page));
    }
    for (const page of [FIRST, { ...FIRST, after: ['1700', key, 'metric1'] }]) {
      for (const filter of combinations({ computeTaskKey: key, computeTaskOutputIdentifier: 'metric1' })) {
        await expectIndexed((dbal) => dbal.performance.queryPerformances(filter, page));
      }
    }
  });
});

describe('rules are checked by an index', () => {
  it('of keys', async () => {
    const keys = [key, randomUUID()];
    await expectIndexed((dbal) => dbal.computeTask.getComputeTasks(keys));
    await expectIndexed((dbal) => dbal.function.getFunctions(keys));
    await expectIndexed((dbal) => dbal.dataManager.getDataManagers(keys));
    await expectIndexed((dbal) => dbal.dataSample.getDataSamples(keys));
    await expectIndexed((dbal) => dbal.computePlan.getComputePlans(keys));
    await expectIndexed((dbal) => dbal.model.getModels(keys));
    await expectIndexed((dbal) => dbal.organization.getRegisteredIds(['org1']));
    await expectIndexed((dbal) => dbal.failureReport.getFailureReport(key));
    await expectIndexed((dbal) => dbal.replay.getAnswer('org1', '17'));
  });

  it('of the references of new tasks', async () => {
    const keys = Array.from({ length: 10 }, () => randomUUID());
    const query = { taskKeys: keys, computePlanKeys: [key], functionKeys: [key], assetKeys: keys, organizationIds: ['org1'] };
    await expectIndexed((dbal) => dbal.computeTask.getTaskReferences(query));
  });

  it('of relations', async () => {
    await expectIndexed((dbal) => dbal.computeTask.getFunctionTasks(key, [ComputeTaskStatus.STATUS_BUILDING]));
    await expectIndexed((dbal) => dbal.computeTask.getChildTasks(key));
    await expectIndexed((dbal) => dbal.computeTask.hasUnfinishedTask(key));
    await expectIndexed((dbal) => dbal.computeTask.getOutputAssets([key]));
    await expectIndexed((dbal) => dbal.model.getTaskModels(key));
    await expectIndexed((dbal) => dbal.dataSample.getDataSampleKeys(key));
  });

  it('of changes', async () => {
    const models = Array.from({ length: 3 }, () => Model.fromPartial({ key: randomUUID() }));
    await expectIndexed((dbal) => dbal.model.updateModels(models));
    const plans = Array.from({ length: 3 }, () => ComputePlan.fromPartial({ key: randomUUID() }));
    await expectIndexed((dbal) => dbal.computePlan.updateComputePlans(plans));
  });
});
