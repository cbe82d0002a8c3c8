import { ComputeTaskAction as Action, type ComputeTask, ComputeTaskStatus as Status } from '@orchestrator/lib';
import { all, assert, nameOf, refuses } from '../assert.ts';
import {
  direct,
  everybody,
  fromParent,
  managerInput,
  mapOf,
  modelOutput,
  models,
  newKey,
  newModel,
  nobodyElse,
  output,
  performanceOutput,
  samplesInput,
} from '../assets.ts';
import { changesDuring, eventsDuring, listEvents } from '../event-log.ts';
import {
  act,
  at,
  finish,
  type FunctionGoal,
  openWorkshop,
  registerDataManager,
  registerDataSample,
  registerFunction,
  registerPlan,
  registerTask,
} from '../flows.ts';
import { scenario } from '../scenario.ts';
import { expectedOrder, randomGraph } from './task-graph.ts';

/** The status of a task by that of its function: without parents, and with one that is not DONE. */
const bornStatus: Readonly<Record<FunctionGoal, readonly [alone: string, child: string]>> = {
  waiting: ['STATUS_WAITING_FOR_BUILDER_SLOT', 'STATUS_WAITING_FOR_BUILDER_SLOT'],
  building: ['STATUS_BUILDING', 'STATUS_BUILDING'],
  ready: ['STATUS_WAITING_FOR_EXECUTOR_SLOT', 'STATUS_WAITING_FOR_PARENT_TASKS'],
  failed: ['STATUS_FAILED', 'STATUS_FAILED'],
  canceled: ['STATUS_CANCELED', 'STATUS_CANCELED'],
};

const statusOf = ({ status }: ComputeTask): string => nameOf(Status, status);
const keysOf = (tasks: readonly { readonly key: string }[]): string[] => tasks.map(({ key }) => key);

export const taskRegistration = [
  scenario('a task keeps what it was given', async ({ org1, org2 }) => {
    const outputs = mapOf({ model: modelOutput, auc: performanceOutput });
    const { functionKey, computePlanKey, task } = await openWorkshop(org1, { outputs });
    const inputs = [
      fromParent((await (await openWorkshop(org1)).register({ outputs: mapOf({ model: output(everybody) }) })).key),
    ];
    const metadata = mapOf({ __tag__: '', foo: 'bar' });
    const request = task({
      worker: org2.mspid,
      inputs,
      metadata,
      outputs: mapOf({ model: output(nobodyElse, true), auc: output(everybody) }),
    });
    const [answer] = (await org1.call('RegisterTasks', { tasks: [request] })).tasks;
    const mine = { public: false, authorizedIds: [org1.mspid] };
    const open = { public: true, authorizedIds: [org1.mspid] };
    assert.deepEqual(answer, {
      key: request.key,
      functionKey,
      computePlanKey,
      inputs,
      metadata,
      owner: org1.mspid,
      worker: org2.mspid,
      rank: 1,
      status: Status.STATUS_WAITING_FOR_PARENT_TASKS,
      creationDate: answer?.creationDate,
      logsPermission: mine,
      outputs: mapOf({
        model: { permissions: { process: mine, download: mine }, transient: true },
        auc: { permissions: { process: open, download: open }, transient: false },
      }),
    });
    assert.deepEqual(await org2.call('GetTask', { key: request.key }), answer);
  }),
  scenario('a task on data goes to the owner of its data manager', async ({ org1, org2 }) => {
    const { key: manager } = await registerDataManager(org2);
    const samples = [
      await registerDataSample(org2, { dataManagerKeys: [manager] }),
      await registerDataSample(org2, { dataManagerKeys: [manager] }),
    ];
    const { register } = await openWorkshop(org1, { inputs: mapOf({ m: managerInput, s: samplesInput }) });
    const inputs = [...samples.map(({ key }) => direct('s', key)).toReversed(), direct('m', manager)];
    for (const worker of ['', org2.mspid]) {
      const task = await register({ worker, inputs });
      assert.deepEqual([task.worker, task.owner, task.rank], [org2.mspid, org1.mspid, 0]);
      assert.deepEqual(task.inputs, inputs);
    }
  }),
  scenario('a batch is answered, and announced, parents first in the order of Kahn', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const [a, b, e] = [task(), task(), task()];
    const c = task({ inputs: [fromParent(b.key), fromParent(a.key), fromParent(a.key)] });
    const d = task({ inputs: [fromParent(c.key)] });
    const labels = { a: a.key, b: b.key, c: c.key, d: d.key, e: e.key };
    let answered: string[] = [];
    const changes = await changesDuring(org1, labels, async () => {
      answered = keysOf((await org1.call('RegisterTasks', { tasks: [d, c, b, a, e] })).tasks);
    });
    assert.deepEqual(answered, keysOf([b, a, e, c, d]));
    assert.deepEqual(
      changes.map((change) => change.slice(0, 23)),
      ['b', 'a', 'e', 'c', 'd'].map((name) => `${name}: COMPUTE_TASK CREATED`),
    );
  }),
  scenario('a parent in the store does not make a task wait in its batch', async ({ org1 }) => {
    const { task, register } = await openWorkshop(org1);
    const stored = await register();
    const [a, b] = [task({ inputs: [fromParent(stored.key)] }), task()];
    const c = task({ inputs: [fromParent(a.key), fromParent(stored.key)] });
    const { tasks } = await org1.call('RegisterTasks', { tasks: [c, a, b] });
    assert.deepEqual(keysOf(tasks), keysOf([a, b, c]));
    assert.deepEqual(
      tasks.map(({ rank }) => rank),
      [1, 0, 2],
    );
  }),
  scenario('a large random batch has that order too, and its ranks', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const graph = randomGraph(60);
    const tasks = graph.map(({ key, parents }) => task({ key, inputs: parents.map((parent) => fromParent(parent)) }));
    const answer = (await org1.call('RegisterTasks', { tasks })).tasks;
    const expected = expectedOrder(graph);
    const shown = `the batch: ${JSON.stringify(graph)}`;
    assert.deepEqual(
      answer.map(({ key, rank }) => ({ key, rank })),
      expected,
      shown,
    );
  }),
  scenario('a created event carries the whole task', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const parent = task();
    const request = task({ inputs: [fromParent(parent.key)] });
    const events = await eventsDuring(org1, { request: request.key }, () =>
      org1.call('RegisterTasks', { tasks: [request, parent] }),
    );
    const event = at(events, 0);
    const stored = await org1.call('GetTask', { key: request.key });
    assert.deepEqual(event.asset, { $case: 'computeTask', value: stored });
    assert.deepEqual([event.timestamp, event.channel], [stored.creationDate, org1.channel]);
  }),
  scenario('a batch is registered as a whole or not at all', async ({ org1 }) => {
    const { task, computePlanKey } = await openWorkshop(org1);
    const [good, bad] = [task(), task({ functionKey: newKey() })];
    await refuses(org1.call('RegisterTasks', { tasks: [good, bad] }), 'NotFound');
    await refuses(org1.call('GetTask', { key: good.key }), 'NotFound');
    assert.deepEqual((await org1.call('QueryTasks', { filter: { computePlanKey } })).tasks, []);
    assert.deepEqual(await listEvents(org1, { assetKey: good.key }), []);
  }),
  scenario('a key that exists, or repeats in the batch, comes before cycles and plans', async ({ org1 }) => {
    const { task, register } = await openWorkshop(org1);
    const { key } = await register();
    const register2 = (...tasks: object[]): Promise<unknown> => org1.call('RegisterTasks', { tasks });
    await refuses(register2(task({ key })), 'Conflict');
    const twice = task();
    await refuses(register2(twice, twice), 'Conflict');
    await refuses(register2(task({ key, inputs: [fromParent(key)], computePlanKey: newKey() })), 'Conflict');
  }),
  scenario('a cycle or a parent that is nowhere is refused by name, before the plan is looked up', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const missing = newKey();
    const [one, two] = [newKey(), newKey()];
    const loop = [task({ key: one, inputs: [fromParent(two)] }), task({ key: two, inputs: [fromParent(one)] })];
    const self = newKey();
    const refused = (text: string, ...tasks: object[]): Promise<void> =>
      refuses(org1.call('RegisterTasks', { tasks }), 'InvalidAsset', text);
    await refused(one, ...loop);
    await refused(two, task(), ...loop);
    await refused(self, task({ key: self, inputs: [fromParent(self)] }));
    const orphan = task({ inputs: [fromParent(missing)], computePlanKey: newKey() });
    await refused(orphan.key, orphan);
  }),
  scenario('only a parent output makes a parent', async ({ org1 }) => {
    const parent = await openWorkshop(org1);
    const { key } = await parent.register();
    await act(org1, key, Action.TASK_ACTION_EXECUTING);
    const model = await org1.call('RegisterModel', newModel(key));
    const task = await parent.register({ inputs: [direct('parents', model.key)] });
    assert.deepEqual([task.rank, statusOf(task)], [0, 'STATUS_WAITING_FOR_EXECUTOR_SLOT']);
  }),
  scenario('the rank is one more than the highest rank of a parent, over plans', async ({ org1 }) => {
    const [here, there] = [await openWorkshop(org1), await openWorkshop(org1)];
    const first = await there.register();
    const second = await there.register({ inputs: [fromParent(first.key)] });
    const third = await here.register({ inputs: [fromParent(first.key), fromParent(second.key)] });
    const fourth = await here.register({ inputs: [fromParent(first.key)] });
    assert.deepEqual(
      [first, second, third, fourth].map(({ rank }) => rank),
      [0, 1, 2, 1],
    );
    assert.equal(third.computePlanKey, here.computePlanKey);
  }),
  scenario('a new task has the status that its function and parents give it', async ({ org1 }) => {
    const open = await openWorkshop(org1);
    const parent = await open.register();
    const done = await open.register();
    await finish(org1, done.key);
    await all(Object.entries(bornStatus), async ([alone, child]) => {
      const goal = (Object.keys(bornStatus) as FunctionGoal[]).find((name) => bornStatus[name][0] === alone);
      assert.ok(goal !== undefined);
      const { register } = await openWorkshop(org1, {}, goal);
      assert.equal(statusOf(await register()), alone);
      assert.equal(statusOf(await register({ inputs: [fromParent(parent.key)] })), child);
      assert.equal(statusOf(await register({ inputs: [fromParent(done.key), fromParent(parent.key)] })), child);
      assert.equal(statusOf(await register({ inputs: [fromParent(done.key)] })), alone);
    });
  }),
  scenario('a child of a FAILED or CANCELED task is born CANCELED, whatever its function', async ({ org1 }) => {
    const parents = await openWorkshop(org1);
    for (const action of [Action.TASK_ACTION_FAILED, Action.TASK_ACTION_CANCELED]) {
      const parent = await parents.register();
      await act(org1, parent.key, action);
      for (const goal of Object.keys(bornStatus) as FunctionGoal[]) {
        const { register } = await openWorkshop(org1, {}, goal);
        const child = await register({ inputs: [fromParent(parent.key)] });
        assert.equal(statusOf(child), 'STATUS_CANCELED', goal);
      }
    }
  }),
  scenario('that holds inside a batch as well', async ({ org1 }) => {
    const { key: failed } = await registerFunction(org1, {}, 'failed');
    const { task } = await openWorkshop(org1);
    const first = task({ functionKey: failed });
    const second = task({ inputs: [fromParent(first.key)] });
    const third = task({ inputs: [fromParent(second.key)] });
    const { tasks } = await org1.call('RegisterTasks', { tasks: [third, second, first] });
    assert.deepEqual(tasks.map(statusOf), ['STATUS_FAILED', 'STATUS_CANCELED', 'STATUS_CANCELED']);
    assert.deepEqual(
      tasks.map(({ rank }) => rank),
      [0, 1, 2],
    );
  }),
  scenario('a task of a function without inputs and outputs has none', async ({ org1 }) => {
    const { key: functionKey } = await registerFunction(org1, { inputs: new Map(), outputs: new Map() });
    const { key: computePlanKey } = await registerPlan(org1);
    const task = await registerTask(org1, { functionKey, computePlanKey, outputs: new Map() });
    assert.deepEqual([task.inputs, task.outputs], [[], new Map()]);
  }),
  scenario('the order of inputs is kept', async ({ org1 }) => {
    const { register } = await openWorkshop(org1, { inputs: mapOf({ b: models, a: models }) });
    const open = await openWorkshop(org1);
    const [one, two] = [await open.register(), await open.register()];
    const inputs = [
      fromParent(two.key, 'model', 'b'),
      fromParent(one.key, 'model', 'a'),
      fromParent(one.key, 'model', 'b'),
    ];
    const { key } = await register({ inputs });
    assert.deepEqual((await org1.call('GetTask', { key })).inputs, inputs);
  }),
];
