import { ComputePlanAction, ComputeTaskAction as Action, ComputeTaskStatus as Status } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import { mapOf, newKey, newPlan } from '../assets.ts';
import type { Caller } from '../client.ts';
import { changesDuring, microsOf } from '../event-log.ts';
import { act, finish, openWorkshop, registerPlan } from '../flows.ts';
import { scenario } from '../scenario.ts';

const CANCELED = ComputePlanAction.PLAN_ACTION_CANCELED;

async function isRunning(caller: Caller, key: string): Promise<boolean> {
  return (await caller.call('IsPlanRunning', { key })).isRunning;
}

export const plans = [
  scenario('a plan keeps what it was given and has no dates but its creation', async ({ org1, org2 }) => {
    const request = newPlan({ tag: 'tag', metadata: mapOf({ __tag__: '', foo: 'bar' }) });
    const answer = await org1.call('RegisterPlan', request);
    assert.deepEqual(answer, {
      ...request,
      owner: org1.mspid,
      creationDate: answer.creationDate,
      cancelationDate: undefined,
      failureDate: undefined,
    });
    assert.deepEqual(await org2.call('GetPlan', { key: request.key }), answer);
  }),
  scenario('a plan is renamed and canceled by its owner only', async ({ org1, org2 }) => {
    const { key } = await registerPlan(org1);
    await refuses(org1.call('RegisterPlan', newPlan({ key })), 'Conflict');
    await refuses(org2.call('UpdatePlan', { key, name: 'theirs' }), 'PermissionDenied');
    await refuses(org2.call('ApplyPlanAction', { key, action: CANCELED }), 'PermissionDenied');
    await refuses(org1.call('UpdatePlan', { key: newKey(), name: 'name' }), 'NotFound');
    await refuses(org1.call('ApplyPlanAction', { key: newKey(), action: CANCELED }), 'NotFound');
    await refuses(org1.call('GetPlan', { key: newKey() }), 'NotFound');
    await refuses(org1.call('IsPlanRunning', { key: newKey() }), 'NotFound');
    await org1.call('UpdatePlan', { key, name: 'renamed' });
    assert.equal((await org1.call('GetPlan', { key })).name, 'renamed');
  }),
  scenario('a canceled plan has its date from then on, and its tasks keep their statuses', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    const task = await register();
    await org1.call('ApplyPlanAction', { key, action: CANCELED });
    const canceled = await org1.call('GetPlan', { key });
    assert.ok(microsOf(canceled.cancelationDate) > microsOf(canceled.creationDate));
    assert.equal(canceled.failureDate, undefined);
    await org1.call('UpdatePlan', { key, name: 'renamed' });
    assert.deepEqual(await org1.call('GetPlan', { key }), { ...canceled, name: 'renamed' });
    assert.deepEqual(await org1.call('GetTask', { key: task.key }), task);
  }),
  scenario('a terminated plan is not canceled', async ({ org1 }) => {
    const canceled = await registerPlan(org1);
    await org1.call('ApplyPlanAction', { key: canceled.key, action: CANCELED });
    const failed = await openWorkshop(org1);
    await act(org1, (await failed.register()).key, Action.TASK_ACTION_FAILED);
    for (const key of [canceled.key, failed.computePlanKey]) {
      await refuses(
        org1.call('ApplyPlanAction', { key, action: CANCELED }),
        'TerminatedComputePlan',
        'already terminated',
      );
    }
  }),
  scenario('the owner is checked before the state', async ({ org1, org2 }) => {
    const { key } = await registerPlan(org1);
    await org1.call('ApplyPlanAction', { key, action: CANCELED });
    await refuses(org2.call('ApplyPlanAction', { key, action: CANCELED }), 'PermissionDenied');
  }),
  scenario('a task that fails sets the failure date of its plan, once', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    const [first, second] = [await register(), await register()];
    const labels = { plan: key, first: first.key, second: second.key };
    const changes = await changesDuring(org1, labels, () => act(org1, first.key, Action.TASK_ACTION_FAILED));
    assert.deepEqual(changes, [
      'first: COMPUTE_TASK UPDATED STATUS_FAILED (User action)',
      'plan: COMPUTE_PLAN UPDATED',
    ]);
    const failed = await org1.call('GetPlan', { key });
    assert.ok(failed.failureDate !== undefined);
    const later = await changesDuring(org1, labels, () => act(org1, second.key, Action.TASK_ACTION_FAILED));
    assert.deepEqual(later, ['second: COMPUTE_TASK UPDATED STATUS_FAILED (User action)']);
    assert.deepEqual(await org1.call('GetPlan', { key }), failed);
  }),
  scenario('a task that fails in a canceled plan leaves it as it is', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    const task = await register();
    await org1.call('ApplyPlanAction', { key, action: CANCELED });
    const canceled = await org1.call('GetPlan', { key });
    await act(org1, task.key, Action.TASK_ACTION_FAILED);
    assert.deepEqual(await org1.call('GetPlan', { key }), canceled);
  }),
  scenario('a task that is canceled, or born FAILED or CANCELED, changes no plan', async ({ org1 }) => {
    for (const goal of ['ready', 'failed', 'canceled'] as const) {
      const { computePlanKey: key, register } = await openWorkshop(org1, {}, goal);
      const task = await register();
      if (goal === 'ready') await act(org1, task.key, Action.TASK_ACTION_CANCELED);
      const plan = await org1.call('GetPlan', { key });
      assert.deepEqual([plan.failureDate, plan.cancelationDate], [undefined, undefined]);
    }
  }),
  scenario('tasks are registered and move in a terminated plan', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    await org1.call('ApplyPlanAction', { key, action: CANCELED });
    const task = await register();
    assert.equal(task.status, Status.STATUS_WAITING_FOR_EXECUTOR_SLOT);
    await finish(org1, task.key);
    assert.equal((await org1.call('GetTask', { key: task.key })).status, Status.STATUS_DONE);
  }),
  scenario('a plan runs while a task of it can still change', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    assert.equal(await isRunning(org1, key), false);
    const [first, second] = [await register(), await register()];
    assert.equal(await isRunning(org1, key), true);
    await finish(org1, first.key);
    assert.equal(await isRunning(org1, key), true);
    await act(org1, second.key, Action.TASK_ACTION_CANCELED);
    assert.equal(await isRunning(org1, key), false);
    await register();
    assert.equal(await isRunning(org1, key), true);
    await org1.call('ApplyPlanAction', { key, action: CANCELED });
    assert.equal(await isRunning(org1, key), false);
  }),
  scenario('a failed plan does not run, whatever its tasks do', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    const [first] = [await register(), await register()];
    await act(org1, first.key, Action.TASK_ACTION_FAILED);
    assert.equal(await isRunning(org1, key), false);
  }),
  scenario('events of a plan: created and updated, without metadata', async ({ org1 }) => {
    const request = newPlan();
    const changes = await changesDuring(org1, { p: request.key }, async () => {
      await org1.call('RegisterPlan', request);
      await org1.call('UpdatePlan', { key: request.key, name: 'renamed' });
      await org1.call('ApplyPlanAction', { key: request.key, action: CANCELED });
    });
    assert.deepEqual(changes, ['p: COMPUTE_PLAN CREATED', 'p: COMPUTE_PLAN UPDATED', 'p: COMPUTE_PLAN UPDATED']);
  }),
];
