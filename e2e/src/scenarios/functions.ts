import {
  ComputeTaskAction as TaskAction,
  ComputeTaskStatus as Status,
  FunctionAction as Action,
  FunctionStatus,
} from '@orchestrator/lib';
import { all, assert, nameOf, refuses } from '../assert.ts';
import {
  address,
  fromParent,
  mapOf,
  modelInput,
  modelOutput,
  newFunction,
  newKey,
  performanceOutput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import { changesDuring } from '../event-log.ts';
import {
  act,
  finish,
  type FunctionGoal,
  openWorkshop,
  registerFunction,
  registerPlan,
  registerTask,
} from '../flows.ts';
import { scenario } from '../scenario.ts';

const { FUNCTION_ACTION_BUILDING: BUILDING, FUNCTION_ACTION_READY: READY } = Action;
const { FUNCTION_ACTION_FAILED: FAILED, FUNCTION_ACTION_CANCELED: CANCELED } = Action;
const noImage = { checksum: '', storageAddress: '' };

/** Where each action leads from each status; what is missing is refused. */
const transitions: Readonly<Record<FunctionGoal, Partial<Record<Action, string>>>> = {
  waiting: { [BUILDING]: 'FUNCTION_STATUS_BUILDING', [CANCELED]: 'FUNCTION_STATUS_CANCELED' },
  building: {
    [READY]: 'FUNCTION_STATUS_READY',
    [FAILED]: 'FUNCTION_STATUS_FAILED',
    [CANCELED]: 'FUNCTION_STATUS_CANCELED',
  },
  ready: {},
  failed: {},
  canceled: {},
};

const transitionNames: Readonly<Record<number, string>> = {
  [BUILDING]: 'transitionBuilding',
  [READY]: 'transitionReady',
  [FAILED]: 'transitionFailed',
  [CANCELED]: 'transitionCanceled',
};

const grid = (Object.keys(transitions) as FunctionGoal[]).flatMap((from) =>
  [BUILDING, READY, FAILED, CANCELED].map((action) => ({ from, action, to: transitions[from][action] })),
);

export const functions = [
  scenario('a new function is WAITING, has an empty image, and keeps what it was given', async ({ org1 }) => {
    const request = newFunction({
      inputs: mapOf({ 'a model': modelInput }),
      outputs: mapOf({ model: modelOutput, auc: performanceOutput }),
      metadata: mapOf({ foo: 'bar', empty: '' }),
    });
    const answer = await org1.call('RegisterFunction', request);
    const { newPermissions: _, ...given } = request;
    const process = { public: true, authorizedIds: [org1.mspid] };
    assert.deepEqual(answer, {
      ...given,
      owner: org1.mspid,
      permissions: { process, download: process },
      status: FunctionStatus.FUNCTION_STATUS_WAITING,
      image: noImage,
      creationDate: answer.creationDate,
    });
    assert.deepEqual(await org1.call('GetFunction', { key: request.key }), answer);
  }),
  scenario('a key is registered once, and unknown keys are not found', async ({ org1, org2 }) => {
    const { key } = await registerFunction(org1, {}, 'waiting');
    await refuses(org1.call('RegisterFunction', newFunction({ key })), 'Conflict');
    await refuses(org2.call('RegisterFunction', newFunction({ key })), 'Conflict');
    await refuses(org1.call('GetFunction', { key: newKey() }), 'NotFound');
    await refuses(org1.call('UpdateFunction', { key: newKey(), name: 'name' }), 'NotFound');
    await refuses(org1.call('ApplyFunctionAction', { functionKey: newKey(), action: BUILDING }), 'NotFound');
  }),
  scenario('every status takes exactly the actions of the table', async ({ org1 }) => {
    const cases = grid.map((cell) => [`${cell.from} × ${nameOf(Action, cell.action)}`, cell] as const);
    await all(cases, async ({ from, action, to }) => {
      const { key } = await registerFunction(org1, {}, from);
      const apply = org1.call('ApplyFunctionAction', { functionKey: key, action });
      const before = `FUNCTION_STATUS_${from.toUpperCase()}`;
      const said = `event ${transitionNames[action]} inappropriate in current state ${before}`;
      if (to === undefined) await refuses(apply, 'IncompatibleTaskStatus', said);
      else await apply;
      assert.equal(nameOf(FunctionStatus, (await org1.call('GetFunction', { key })).status), to ?? before);
    });
  }),
  scenario('only the owner may act on a function', async ({ org1, org2 }) => {
    const { key } = await registerFunction(org1, {}, 'waiting');
    for (const action of [BUILDING, READY, FAILED, CANCELED]) {
      await refuses(org2.call('ApplyFunctionAction', { functionKey: key, action }), 'PermissionDenied');
    }
    await refuses(org2.call('UpdateFunction', { key, name: 'theirs' }), 'PermissionDenied');
    assert.equal((await org1.call('GetFunction', { key })).name, 'function');
  }),
  scenario('an update replaces the name, and the image when it has a checksum', async ({ org1 }) => {
    const image = address();
    for (const goal of ['waiting', 'building', 'failed', 'canceled'] as const) {
      const { key } = await registerFunction(org1, {}, goal);
      await org1.call('UpdateFunction', { key, name: 'first', image: noImage });
      assert.deepEqual((await org1.call('GetFunction', { key })).image, noImage);
      await org1.call('UpdateFunction', { key, name: 'second', image });
      await org1.call('UpdateFunction', { key, name: 'third', image: { checksum: '', storageAddress: 'ignored' } });
      const updated = await org1.call('GetFunction', { key });
      assert.deepEqual([updated.name, updated.image], ['third', image]);
    }
  }),
  scenario('an update may not leave a READY function without an image', async ({ org1 }) => {
    const { key } = await registerFunction(org1);
    await refuses(org1.call('UpdateFunction', { key, name: 'name', image: noImage }), 'InvalidAsset');
    await refuses(org1.call('UpdateFunction', { key, name: 'name' }), 'InvalidAsset');
    assert.equal((await org1.call('GetFunction', { key })).name, 'function');
    const image = { checksum: 'not validated', storageAddress: '' };
    await org1.call('UpdateFunction', { key, name: 'name', image });
    await org1.call('UpdateFunction', { key, name: 'other' });
    assert.deepEqual((await org1.call('GetFunction', { key })).image, image);
  }),
  scenario('events of a function: created, updated without and with a reason', async ({ org1 }) => {
    const request = newFunction();
    const changes = await changesDuring(org1, { f: request.key }, async () => {
      await org1.call('RegisterFunction', request);
      await org1.call('UpdateFunction', { key: request.key, name: 'other' });
      await org1.call('ApplyFunctionAction', { functionKey: request.key, action: BUILDING });
      await org1.call('ApplyFunctionAction', { functionKey: request.key, action: READY });
    });
    assert.deepEqual(changes, [
      'f: FUNCTION CREATED FUNCTION_STATUS_WAITING',
      'f: FUNCTION UPDATED FUNCTION_STATUS_WAITING',
      'f: FUNCTION UPDATED FUNCTION_STATUS_BUILDING (User action)',
      'f: FUNCTION UPDATED FUNCTION_STATUS_READY (User action)',
    ]);
  }),
  scenario('BUILDING moves the tasks that wait for a builder slot', async ({ org1 }) => {
    const shop = await threeTasks(org1, 'waiting');
    assert.deepEqual(await shop.during(BUILDING), [
      'f: FUNCTION UPDATED FUNCTION_STATUS_BUILDING (User action)',
      'first: COMPUTE_TASK UPDATED STATUS_BUILDING (User action)',
      'second: COMPUTE_TASK UPDATED STATUS_BUILDING (User action)',
    ]);
  }),
  scenario('READY lets tasks wait for their parents, or for an executor slot', async ({ org1 }) => {
    const shop = await threeTasks(org1, 'building');
    const reason = `(Function ${shop.functionKey} finished building)`;
    assert.deepEqual(await shop.during(READY), [
      'f: FUNCTION UPDATED FUNCTION_STATUS_READY (User action)',
      `first: COMPUTE_TASK UPDATED STATUS_WAITING_FOR_EXECUTOR_SLOT ${reason}`,
      `second: COMPUTE_TASK UPDATED STATUS_WAITING_FOR_PARENT_TASKS ${reason}`,
    ]);
  }),
  scenario('READY looks at the parents as they are now', async ({ org1 }) => {
    const parents = await openWorkshop(org1);
    const [done, failed, canceled] = [await parents.register(), await parents.register(), await parents.register()];
    const { functionKey, register } = await openWorkshop(org1, {}, 'building');
    const children = [];
    for (const { key } of [done, failed, canceled]) children.push(await register({ inputs: [fromParent(key)] }));
    await finish(org1, done.key);
    await act(org1, failed.key, TaskAction.TASK_ACTION_FAILED);
    await act(org1, canceled.key, TaskAction.TASK_ACTION_CANCELED);
    await org1.call('ApplyFunctionAction', { functionKey, action: READY });
    const statuses = [];
    for (const { key } of children) statuses.push((await org1.call('GetTask', { key })).status);
    const waits = Status.STATUS_WAITING_FOR_PARENT_TASKS;
    assert.deepEqual(statuses, [Status.STATUS_WAITING_FOR_EXECUTOR_SLOT, waits, waits]);
  }),
  scenario('FAILED fails the tasks, and their plan once', async ({ org1 }) => {
    const shop = await threeTasks(org1, 'building');
    assert.deepEqual(await shop.during(FAILED), [
      'f: FUNCTION UPDATED FUNCTION_STATUS_FAILED (User action)',
      'first: COMPUTE_TASK UPDATED STATUS_FAILED (User action)',
      'plan: COMPUTE_PLAN UPDATED',
      'second: COMPUTE_TASK UPDATED STATUS_FAILED (User action)',
    ]);
    const plan = await org1.call('GetPlan', { key: shop.computePlanKey });
    assert.ok(plan.failureDate !== undefined && plan.cancelationDate === undefined);
  }),
  ...(['waiting', 'building'] as const).map((goal) =>
    scenario(`CANCELED cancels the tasks of a ${goal.toUpperCase()} function, and no plan`, async ({ org1 }) => {
      const shop = await threeTasks(org1, goal);
      assert.deepEqual(await shop.during(CANCELED), [
        'f: FUNCTION UPDATED FUNCTION_STATUS_CANCELED (User action)',
        'first: COMPUTE_TASK UPDATED STATUS_CANCELED (User action)',
        'second: COMPUTE_TASK UPDATED STATUS_CANCELED (User action)',
      ]);
      const plan = await org1.call('GetPlan', { key: shop.computePlanKey });
      assert.ok(plan.failureDate === undefined && plan.cancelationDate === undefined);
    }),
  ),
  scenario('tasks of several plans and organizations follow a function', async ({ org1, org2 }) => {
    const { key: functionKey } = await registerFunction(org1, {}, 'waiting');
    const keys: string[] = [];
    for (const owner of [org1, org2]) {
      const { key: computePlanKey } = await registerPlan(owner);
      keys.push((await registerTask(owner, { functionKey, computePlanKey })).key);
    }
    await org1.call('ApplyFunctionAction', { functionKey, action: BUILDING });
    for (const key of keys) assert.equal((await org1.call('GetTask', { key })).status, Status.STATUS_BUILDING);
  }),
];

/** A function with two tasks that follow it, the second a child of a task of another function, and a canceled one. */
async function threeTasks(
  owner: Caller,
  goal: FunctionGoal,
): Promise<{
  readonly functionKey: string;
  readonly computePlanKey: string;
  during(action: Action): Promise<string[]>;
}> {
  const { functionKey, computePlanKey, register } = await openWorkshop(owner, {}, goal);
  const parent = await (await openWorkshop(owner)).register();
  const first = await register();
  const second = await register({
    inputs: [fromParent(parent.key)],
  });
  const canceled = await register();
  await act(owner, canceled.key, TaskAction.TASK_ACTION_CANCELED);
  const labels = {
    f: functionKey,
    plan: computePlanKey,
    first: first.key,
    second: second.key,
    parent: parent.key,
    canceled: canceled.key,
  };
  return {
    functionKey,
    computePlanKey,
    during: (action) => changesDuring(owner, labels, () => owner.call('ApplyFunctionAction', { functionKey, action })),
  };
}
