import { procedures } from '@orchestrator/lib';
import {
  buildNewComputePlan,
  buildNewDataManager,
  buildNewDataSample,
  buildNewFunction,
  buildNewModel,
  createRandom,
} from '@orchestrator/testing';
import { DatabaseProxy } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, createMigratedDatabase, openMode, type Scene, setScene } from './spec-support.ts';
import type { StandaloneMode } from './standalone-mode.ts';

const BATCH = 100;

const stack = new AsyncDisposableStack();
const random = createRandom(5);
let databaseUrl: string;
let proxy: DatabaseProxy;
let mode: StandaloneMode;
let scene: Scene;
/** Made anew for each call of a procedure. */
let taskKey: string;

beforeAll(async () => {
  const database = stack.use(await createMigratedDatabase());
  databaseUrl = database.url;
  proxy = stack.use(await DatabaseProxy.start(database.url));
  mode = stack.use(openMode(proxy.url, { start: false }));
  scene = await setScene(mode, 1);
});

afterAll(async () => {
  await stack.disposeAsync();
});

async function addTask(status: 'waiting' | 'executing'): Promise<void> {
  const task = scene.task();
  await call(mode, 'RegisterTasks', { tasks: [task] });
  if (status === 'executing') await call(mode, 'ApplyTaskAction', { computeTaskKey: task.key, action: 1, log: '' });
  taskKey = task.key;
}

const waiting = (): Promise<void> => addTask('waiting');
const executing = (): Promise<void> => addTask('executing');

interface Cost {
  readonly method: string;
  readonly prepare?: () => Promise<void>;
  readonly request: () => object;
  /** Of a write BEGIN, the lock, the head of the log, its events and COMMIT are among them. */
  readonly statements: number;
  /** The first brings the lock, the head and the first read, the last one COMMIT. */
  readonly roundTrips: number;
}

const apply = (action: number) => () => ({ computeTaskKey: taskKey, action, log: '' });
const newModels = () => ({ models: [buildNewModel(random, { computeTaskKey: taskKey })] });
const newSamples = () => ({ samples: [buildNewDataSample(random)] });

const costs: readonly Cost[] = [
  { method: 'RegisterTasks', request: () => ({ tasks: [scene.task()] }), statements: 7, roundTrips: 2 },
  { method: 'ApplyTaskAction', prepare: waiting, request: apply(1), statements: 7, roundTrips: 2 },
  { method: 'ApplyTaskAction', prepare: executing, request: apply(4), statements: 8, roundTrips: 3 },
  { method: 'ApplyTaskAction', prepare: executing, request: apply(3), statements: 8, roundTrips: 3 },
  { method: 'RegisterModels', prepare: executing, request: newModels, statements: 11, roundTrips: 3 },
  { method: 'RegisterPlan', request: () => buildNewComputePlan(random), statements: 8, roundTrips: 2 },
  { method: 'RegisterDataManager', request: () => buildNewDataManager(random), statements: 8, roundTrips: 2 },
  { method: 'RegisterDataSamples', request: newSamples, statements: 8, roundTrips: 2 },
  { method: 'GetTask', prepare: waiting, request: () => ({ key: taskKey }), statements: 1, roundTrips: 1 },
  { method: 'GetPlan', request: () => ({ key: scene.computePlanKey }), statements: 1, roundTrips: 1 },
  { method: 'QueryTasks', request: () => ({}), statements: 1, roundTrips: 1 },
  { method: 'QueryPlans', request: () => ({}), statements: 1, roundTrips: 1 },
  { method: 'QueryEvents', request: () => ({}), statements: 1, roundTrips: 1 },
];

it.each(costs)('$method costs $statements statements in $roundTrips round trips', async (cost) => {
  const { method, prepare, request, statements, roundTrips } = cost;
  const codec = procedures.find((procedure) => procedure.method === method)?.request;
  for (const isPrepared of [false, true]) {
    await prepare?.();
    const fields = codec?.fromPartial(request()) as object;
    proxy.reset();
    await call(mode, method, fields);
    // The first time a session prepares its statements.
    if (isPrepared) expect(proxy.counts).toEqual({ statements, roundTrips });
  }
});

it('a task with a parent is four rows, and one more per plan and function', async () => {
  const parent = scene.task();
  await call(mode, 'RegisterTasks', { tasks: [parent] });
  const ref = { $case: 'parentTaskOutput' as const, value: { parentTaskKey: parent.key, outputIdentifier: 'model' } };
  const tasks = Array.from({ length: BATCH }, () => scene.task({ inputs: [{ identifier: 'model', ref }] }));
  const before = await countRows();
  await call(mode, 'RegisterTasks', { tasks });
  const after = await countRows();
  const written = Object.fromEntries(
    Object.entries(after).map(([table, count]) => [table, count - (before[table] ?? 0)]),
  );
  expect(written).toEqual({
    ...Object.fromEntries(Object.keys(after).map((table) => [table, 0])),
    compute_tasks: BATCH,
    compute_task_statuses: BATCH,
    compute_task_parents: BATCH,
    events: BATCH,
  });
});

it('a plan has a function from its first task with it', async () => {
  const plan = buildNewComputePlan(random);
  await call(mode, 'RegisterPlan', plan);
  const other = buildNewFunction(random);
  await call(mode, 'RegisterFunction', other);
  const planFunctions = async (): Promise<number> => (await countRows())['compute_plan_functions'] ?? 0;
  const register = async (...functionKeys: readonly string[]): Promise<number> => {
    const before = await planFunctions();
    const tasks = functionKeys.map((functionKey) => scene.task({ computePlanKey: plan.key, functionKey }));
    await call(mode, 'RegisterTasks', { tasks });
    return (await planFunctions()) - before;
  };
  const { functionKey: known } = scene;
  expect(await register(known, known)).toBe(1);
  expect(await register(known)).toBe(0);
  expect(await register(known, other.key)).toBe(1);
  expect(await register(other.key, known)).toBe(0);
});

async function countRows(): Promise<Readonly<Record<string, number>>> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'",
    );
    const counts: Record<string, number> = {};
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${name}`);
      counts[name] = rows[0]?.count ?? 0;
    }
    return counts;
  } finally {
    await client.end();
  }
}

it('a process takes a connection per channel that writes, as many for reading as it may, and one for the feed', async () => {
  const subscription = await mode.subscribe({ channel: 'mychannel', mspid: 'MyOrg1MSP', requestId: 'spec' }, '');
  await subscription.next();
  const work = Array.from({ length: BATCH }, () => [
    call(mode, 'RegisterTasks', { tasks: [scene.task()] }),
    call(mode, 'QueryPlans', { pageToken: '', pageSize: 1 }),
  ]);
  await Promise.all(work.flat());
  // The reading pool of these specs has four.
  expect(proxy.connectionCount).toBe(1 + 4 + 1);
  await subscription[Symbol.asyncDispose]();
});

it('tasks that are asked for at once are looked up together', async () => {
  await waiting();
  await call(mode, 'GetTask', { key: taskKey });
  proxy.reset();
  await Promise.all(Array.from({ length: BATCH }, () => call(mode, 'GetTask', { key: taskKey })));
  expect(proxy.counts).toEqual({ statements: 1, roundTrips: 1 });
});
