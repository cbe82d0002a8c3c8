import { ComputeTaskAction as Action, ComputeTaskStatus as Status } from '@orchestrator/lib';
import { assert, errorOf, checkRefusal, type RefusalName } from '../assert.ts';
import { fromParent, newPlan } from '../assets.ts';
import { changesDuring, listEvents, microsOf } from '../event-log.ts';
import { act, openWorkshop } from '../flows.ts';
import { scenario } from '../scenario.ts';
import { persistent } from './persistent.ts';

const CALLERS = 16;

/** Runs a call by 16 callers at once. */
function atOnce<T>(call: (index: number) => Promise<T>): Promise<PromiseSettledResult<T>[]> {
  return Promise.allSettled(Array.from({ length: CALLERS }, (_, index) => persistent(() => call(index))));
}

/** Exactly one call may succeed; the others must be refused with that code. */
async function assertOneWins(results: readonly PromiseSettledResult<unknown>[], name: RefusalName): Promise<void> {
  const refused = results.filter((result) => result.status === 'rejected');
  for (const { reason } of refused) checkRefusal(await errorOf(Promise.reject(reason as Error)), name);
  assert.equal(results.length - refused.length, 1, 'calls that succeeded');
}

export const concurrency = [
  scenario('of 16 registrations of one key one succeeds', async ({ org1, org2 }) => {
    const plan = newPlan();
    const results = await atOnce((index) => (index % 2 === 0 ? org1 : org2).call('RegisterPlan', plan));
    await assertOneWins(results, 'Conflict');
    const events = await listEvents(org1, { assetKey: plan.key });
    assert.equal(events.length, 1);
  }),
  scenario('of 16 workers that pick up a task one has it', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const computeTaskKey = (await register()).key;
    const request = { computeTaskKey, action: Action.TASK_ACTION_EXECUTING };
    await assertOneWins(await atOnce(() => org1.call('ApplyTaskAction', request)), 'IncompatibleTaskStatus');
  }),
  scenario('16 callers that register plans all succeed, each in an instant of its own', async ({ org1, org2 }) => {
    const results = await atOnce(async (index) => {
      const owner = index % 2 === 0 ? org1 : org2;
      const mine = [];
      for (let round = 0; round < 5; round += 1) mine.push(await owner.call('RegisterPlan', newPlan()));
      return mine;
    });
    const plans = results.flatMap((result) => (result.status === 'fulfilled' ? result.value : []));
    assert.equal(plans.length, CALLERS * 5);
    assert.equal(new Set(plans.map(({ creationDate }) => microsOf(creationDate))).size, plans.length);
  }),
  scenario('16 parents that are DONE at once let their child go once', async ({ org1 }) => {
    const { task, register } = await openWorkshop(org1);
    const { tasks } = await org1.call('RegisterTasks', { tasks: Array.from({ length: CALLERS }, () => task()) });
    const child = await register({ inputs: tasks.map(({ key }) => fromParent(key)) });
    for (const { key } of tasks) await act(org1, key, Action.TASK_ACTION_EXECUTING);
    const changes = await changesDuring(org1, { child: child.key }, async () => {
      const done = { action: Action.TASK_ACTION_DONE };
      const results = await atOnce((index) =>
        org1.call('ApplyTaskAction', { ...done, computeTaskKey: tasks[index]?.key }),
      );
      assert.ok(results.every(({ status }) => status === 'fulfilled'));
    });
    assert.equal(changes.length, 1);
    const { status } = await org1.call('GetTask', { key: child.key });
    assert.equal(status, Status.STATUS_WAITING_FOR_EXECUTOR_SLOT);
  }),
  scenario('16 tasks that fail at once fail their plan once', async ({ org1 }) => {
    const { task, computePlanKey } = await openWorkshop(org1);
    const { tasks } = await org1.call('RegisterTasks', { tasks: Array.from({ length: CALLERS }, () => task()) });
    const failed = { action: Action.TASK_ACTION_FAILED };
    const changes = await changesDuring(org1, { plan: computePlanKey }, async () => {
      await atOnce((index) => org1.call('ApplyTaskAction', { ...failed, computeTaskKey: tasks[index]?.key }));
    });
    assert.deepEqual(changes, ['plan: COMPUTE_PLAN UPDATED']);
  }),
];
