import { AssetKind, type ComputeTask, type RegisterTasksResponse } from '@orchestrator/lib';
import { buildNewDataSample, buildNewFunction, buildNewModel, createRandom } from '@orchestrator/testing';
import { DatabaseProxy, type ProxyCounts } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { call, createMigratedDatabase, openMode, type Scene, setScene } from './spec-support.ts';
import type { StandaloneMode } from './standalone-mode.ts';

const MAX_STATEMENTS = 12;
const MAX_ROUND_TRIPS = 4;

const stack = new AsyncDisposableStack();
let proxy: DatabaseProxy;
let mode: StandaloneMode;
let scene: Scene;

beforeAll(async () => {
  const database = stack.use(await createMigratedDatabase());
  proxy = stack.use(await DatabaseProxy.start(database.url));
  mode = stack.use(openMode(proxy.url, { start: false }));
  scene = await setScene(mode, 1);
});

afterAll(async () => {
  await stack.disposeAsync();
});

/** What a request costs once its statements are prepared. */
async function costOf(work: () => Promise<unknown>): Promise<ProxyCounts> {
  await work();
  proxy.reset();
  await work();
  return proxy.counts;
}

function tasksWithParents(count: number, parents: readonly string[]): object {
  const tasks = Array.from({ length: count }, (_, index) => {
    const parentTaskKey = parents[index % Math.max(parents.length, 1)];
    if (parentTaskKey === undefined) return scene.task();
    const ref = { $case: 'parentTaskOutput', value: { parentTaskKey, outputIdentifier: 'model' } };
    return scene.task({ inputs: [{ identifier: 'model', ref }] });
  });
  return { tasks };
}

async function registerTasks(count: number, parents: readonly string[] = []): Promise<readonly ComputeTask[]> {
  return (await call<RegisterTasksResponse>(mode, 'RegisterTasks', tasksWithParents(count, parents))).tasks;
}

async function executingTask(changed: object = {}): Promise<string> {
  const task = scene.task(changed);
  await call(mode, 'RegisterTasks', { tasks: [task] });
  await call(mode, 'ApplyTaskAction', { computeTaskKey: task.key, action: 1, log: '' });
  return task.key;
}

describe('the cost of a request does not grow with its size', () => {
  it('RegisterTasks', async () => {
    const parents = (await registerTasks(10)).map(({ key }) => key);
    const one = await costOf(() => registerTasks(1, parents));
    const thousand = await costOf(() => registerTasks(1000, parents));
    expect(thousand).toEqual(one);
    expect(thousand.statements).toBeLessThanOrEqual(MAX_STATEMENTS);
    expect(thousand.roundTrips).toBeLessThanOrEqual(MAX_ROUND_TRIPS);
  });

  it('RegisterDataSamples', async () => {
    const random = createRandom(2);
    const register = (count: number) => () =>
      call(mode, 'RegisterDataSamples', { samples: Array.from({ length: count }, () => buildNewDataSample(random)) });
    const one = await costOf(register(1));
    const thousand = await costOf(register(1000));
    expect(thousand).toEqual(one);
    expect(thousand.statements).toBeLessThanOrEqual(MAX_STATEMENTS);
    expect(thousand.roundTrips).toBeLessThanOrEqual(MAX_ROUND_TRIPS);
  });

  it('RegisterModels', async () => {
    const random = createRandom(3);
    const fn = scene.newKey();
    await call(mode, 'RegisterFunction', {
      ...buildNewFunction(random),
      key: fn,
      inputs: new Map(),
      outputs: new Map([['models', { kind: AssetKind.ASSET_MODEL, multiple: true }]]),
    });
    await call(mode, 'ApplyFunctionAction', { functionKey: fn, action: 1 });
    await call(mode, 'ApplyFunctionAction', { functionKey: fn, action: 4 });
    const outputs = new Map([['models', { permissions: { public: true, authorizedIds: [] }, transient: false }]]);
    const computeTaskKey = await executingTask({ functionKey: fn, outputs });
    const register = (count: number) => () =>
      call(mode, 'RegisterModels', {
        models: Array.from({ length: count }, () =>
          buildNewModel(random, { computeTaskKey, computeTaskOutputIdentifier: 'models' }),
        ),
      });
    const one = await costOf(register(1));
    const hundred = await costOf(register(100));
    expect(hundred).toEqual(one);
    expect(hundred.statements).toBeLessThanOrEqual(MAX_STATEMENTS);
    expect(hundred.roundTrips).toBeLessThanOrEqual(MAX_ROUND_TRIPS);
  });

  it('DONE with 1,000 children', async () => {
    const finish = async (children: number): Promise<ProxyCounts> => {
      const parent = await executingTask();
      if (children > 0) await registerTasks(children, [parent]);
      proxy.reset();
      await call(mode, 'ApplyTaskAction', { computeTaskKey: parent, action: 4, log: '' });
      return proxy.counts;
    };
    await finish(1);
    const many = await finish(1000);
    expect(many.statements).toBeLessThanOrEqual(MAX_STATEMENTS);
    expect(many.roundTrips).toBeLessThanOrEqual(MAX_ROUND_TRIPS);
  });

  it('function READY with 10,000 waiting tasks, and FAILED', async () => {
    const random = createRandom(4);
    const outputs = new Map([['model', { kind: AssetKind.ASSET_MODEL, multiple: false }]]);
    const prepare = async (count: number): Promise<string> => {
      const fn = { ...buildNewFunction(random), inputs: new Map(), outputs };
      await call(mode, 'RegisterFunction', fn);
      await call(mode, 'ApplyFunctionAction', { functionKey: fn.key, action: 1 });
      for (let left = count; left > 0; left -= 2500) {
        const tasks = Array.from({ length: Math.min(left, 2500) }, () => scene.task({ functionKey: fn.key }));
        await call(mode, 'RegisterTasks', { tasks });
      }
      return fn.key;
    };
    const apply = async (functionKey: string, action: number): Promise<ProxyCounts> => {
      proxy.reset();
      await call(mode, 'ApplyFunctionAction', { functionKey, action });
      return proxy.counts;
    };
    await apply(await prepare(1), 4);
    await apply(await prepare(1), 3);
    for (const counts of [await apply(await prepare(10_000), 4), await apply(await prepare(10), 3)]) {
      expect(counts.statements).toBeLessThanOrEqual(MAX_STATEMENTS);
      expect(counts.roundTrips).toBeLessThanOrEqual(MAX_ROUND_TRIPS);
    }
  });
});

describe('subscribers', () => {
  it('cost no database connection each: 1,000 of them take none more than one', async () => {
    const caller = { channel: 'mychannel', mspid: 'MyOrg1MSP', requestId: 'spec' };
    const first = await mode.subscribe(caller, '');
    await first.next();
    const before = proxy.connectionCount;
    const subscriptions = await Promise.all(Array.from({ length: 1000 }, () => mode.subscribe(caller, '')));
    await Promise.all(subscriptions.map((subscription) => subscription.next()));
    expect(proxy.connectionCount).toBeLessThanOrEqual(before);
    for (const subscription of [first, ...subscriptions]) await subscription[Symbol.asyncDispose]();
  });
});
