import { ComputeTaskAction as Action, ErrorType, FailedAssetKind } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import { address, newKey } from '../assets.ts';
import type { Caller } from '../client.ts';
import { changesDuring, eventsDuring } from '../event-log.ts';
import { act, at, openWorkshop, registerFunction } from '../flows.ts';
import { scenario } from '../scenario.ts';

const { FAILED_ASSET_COMPUTE_TASK: TASK, FAILED_ASSET_FUNCTION: FUNCTION } = FailedAssetKind;
const { ERROR_TYPE_BUILD: BUILD, ERROR_TYPE_EXECUTION: EXECUTION, ERROR_TYPE_INTERNAL: INTERNAL } = ErrorType;

function report(caller: Caller, assetKey: string, assetType: FailedAssetKind, errorType: ErrorType = EXECUTION) {
  const logsAddress = errorType === INTERNAL ? undefined : address();
  return caller.call('RegisterFailureReport', { assetKey, assetType, errorType, logsAddress });
}

async function executing(owner: Caller, worker: Caller): Promise<{ key: string; plan: string }> {
  const { register, computePlanKey: plan } = await openWorkshop(owner);
  const { key } = await register({ worker: worker.mspid });
  await act(worker, key, Action.TASK_ACTION_EXECUTING);
  return { key, plan };
}

export const failureReports = [
  scenario('a report of each error type is kept; an INTERNAL one has no logs', async ({ org1, org2 }) => {
    for (const errorType of [BUILD, EXECUTION, INTERNAL]) {
      const { key } = await executing(org1, org2);
      const answer = await report(org2, key, TASK, errorType);
      assert.deepEqual(
        [answer.assetKey, answer.assetType, answer.errorType, answer.owner],
        [key, TASK, errorType, org2.mspid],
      );
      assert.equal(answer.logsAddress === undefined, errorType === INTERNAL);
      assert.deepEqual(await org1.call('GetFailureReport', { assetKey: key }), answer);
    }
    await refuses(org1.call('GetFailureReport', { assetKey: newKey() }), 'NotFound');
  }),
  scenario('a report fails its task, then the plan, and comes last', async ({ org1 }) => {
    const { key, plan } = await executing(org1, org1);
    const events = await eventsDuring(org1, { key, plan }, () => report(org1, key, TASK));
    const reported = at(events, -1);
    assert.equal(reported.assetKey, key);
    const stored = await org1.call('GetFailureReport', { assetKey: key });
    assert.deepEqual(reported.asset, { $case: 'failureReport', value: stored });
    assert.equal(events.length, 3);
  }),
  scenario('the change of a reported task has its reason', async ({ org1 }) => {
    const { key, plan } = await executing(org1, org1);
    assert.deepEqual(await changesDuring(org1, { t: key, plan }, () => report(org1, key, TASK)), [
      't: COMPUTE_TASK UPDATED STATUS_FAILED (failure report registered)',
      'plan: COMPUTE_PLAN UPDATED',
      't: FAILURE_REPORT CREATED',
    ]);
  }),
  scenario('a report about a function fails it, its tasks and their plans', async ({ org1 }) => {
    const { functionKey, computePlanKey, register } = await openWorkshop(org1, {}, 'building');
    const [one, two] = [await register(), await register()];
    const labels = { f: functionKey, plan: computePlanKey, one: one.key, two: two.key };
    assert.deepEqual(await changesDuring(org1, labels, () => report(org1, functionKey, FUNCTION, BUILD)), [
      'f: FUNCTION UPDATED FUNCTION_STATUS_FAILED (failure report registered)',
      'one: COMPUTE_TASK UPDATED STATUS_FAILED (failure report registered)',
      'plan: COMPUTE_PLAN UPDATED',
      'two: COMPUTE_TASK UPDATED STATUS_FAILED (failure report registered)',
      'f: FAILURE_REPORT CREATED',
    ]);
  }),
  scenario("the task must exist, be the worker's and EXECUTING, in that order", async ({ org1, org2 }) => {
    const { key } = await executing(org1, org2);
    const waiting = await (await openWorkshop(org1)).register({ worker: org2.mspid });
    await refuses(report(org2, newKey(), TASK), 'NotFound');
    await refuses(report(org1, key, TASK), 'PermissionDenied');
    await refuses(report(org1, waiting.key, TASK), 'PermissionDenied');
    await refuses(report(org2, waiting.key, TASK), 'BadRequest');
    await refuses(org1.call('GetFailureReport', { assetKey: key }), 'NotFound');
  }),
  scenario("the function must exist, be the owner's and BUILDING, in that order", async ({ org1, org2 }) => {
    const { key } = await registerFunction(org1, {}, 'building');
    await refuses(report(org1, newKey(), FUNCTION), 'NotFound');
    await refuses(report(org2, key, FUNCTION), 'PermissionDenied');
    for (const goal of ['waiting', 'ready', 'failed', 'canceled'] as const) {
      const other = await registerFunction(org1, {}, goal);
      await refuses(report(org1, other.key, FUNCTION), 'IncompatibleTaskStatus', 'transitionFailed');
    }
  }),
  scenario('a task is no function, nor the reverse', async ({ org1 }) => {
    const { key } = await executing(org1, org1);
    const building = await registerFunction(org1, {}, 'building');
    await refuses(report(org1, key, FUNCTION), 'NotFound');
    await refuses(report(org1, building.key, TASK), 'NotFound');
  }),
  scenario('a second report meets the status that the first left behind', async ({ org1 }) => {
    const { key } = await executing(org1, org1);
    await report(org1, key, TASK);
    await refuses(report(org1, key, TASK), 'BadRequest');
    const building = await registerFunction(org1, {}, 'building');
    await report(org1, building.key, FUNCTION, BUILD);
    await refuses(report(org1, building.key, FUNCTION, BUILD), 'IncompatibleTaskStatus');
  }),
];
