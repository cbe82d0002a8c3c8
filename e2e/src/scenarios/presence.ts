import { setTimeout as sleep } from 'node:timers/promises';
import { ComputePlanAction, ComputeTaskAction as Action } from '@orchestrator/lib';
import { assert } from '../assert.ts';
import { address, mapOf, newModel, nobodyElse } from '../assets.ts';
import { Caller, Connection } from '../client.ts';
import { latestEvent, listEvents, microsOf } from '../event-log.ts';
import {
  act,
  at,
  openWorkshop,
  registerDataManager,
  registerDataSample,
  registerFunction,
  registerPlan,
} from '../flows.ts';
import { longScenario, scenario } from '../scenario.ts';

/** What existing clients rely on beyond the rules of each asset. */
export const presence = [
  scenario('the image of a function is there from the first answer and event on', async ({ org1 }) => {
    const empty = { checksum: '', storageAddress: '' };
    const registered = await registerFunction(org1, {}, 'waiting');
    assert.deepEqual(registered.image, empty);
    const events = await listEvents(org1, { assetKey: registered.key });
    assert.deepEqual(at(events, 0).asset, { $case: 'function', value: registered });
    const { Functions } = await org1.call('QueryFunctions', { pageSize: 10_000 });
    assert.ok(Functions.every(({ image }) => image !== undefined));
  }),
  scenario('the dates of a plan are absent until set, in events too', async ({ org1 }) => {
    const { key } = await registerPlan(org1);
    await org1.call('UpdatePlan', { key, name: 'one' });
    await org1.call('ApplyPlanAction', { key, action: ComputePlanAction.PLAN_ACTION_CANCELED });
    await org1.call('UpdatePlan', { key, name: 'two' });
    const canceled = await org1.call('GetPlan', { key });
    const events = await listEvents(org1, { assetKey: key });
    const dates = events.map(({ asset }) => (asset?.$case === 'computePlan' ? asset.value.cancelationDate : 'no plan'));
    assert.deepEqual(dates, [undefined, undefined, canceled.cancelationDate, canceled.cancelationDate]);
    assert.deepEqual(at(events, 2).timestamp, canceled.cancelationDate);
  }),
  scenario('the failure date stays in every later answer and event', async ({ org1 }) => {
    const { computePlanKey: key, register } = await openWorkshop(org1);
    await act(org1, (await register()).key, Action.TASK_ACTION_FAILED);
    await org1.call('UpdatePlan', { key, name: 'renamed' });
    const failed = await org1.call('GetPlan', { key });
    const last = at(await listEvents(org1, { assetKey: key }), -1);
    assert.deepEqual(last.asset, { $case: 'computePlan', value: failed });
    assert.ok(failed.failureDate !== undefined);
  }),
  scenario('type and test_only come back empty, in events too', async ({ org1 }) => {
    const manager = await registerDataManager(org1, { type: 'images' });
    const sample = await registerDataSample(org1, { testOnly: true });
    assert.deepEqual([manager.type, sample.testOnly], ['', false]);
    const [first] = await listEvents(org1, { assetKey: manager.key });
    const [second] = await listEvents(org1, { assetKey: sample.key });
    assert.deepEqual(first?.asset, { $case: 'dataManager', value: manager });
    assert.deepEqual(second?.asset, { $case: 'dataSample', value: sample });
  }),
  scenario('a private permission is present and names its owner', async ({ org1 }) => {
    const { permissions } = await registerFunction(org1, { newPermissions: nobodyElse }, 'waiting');
    const mine = { public: false, authorizedIds: [org1.mspid] };
    assert.deepEqual(permissions, { process: mine, download: mine });
  }),
  scenario('timestamps have microseconds at most, and a created event has that of its asset', async ({ org1 }) => {
    const plan = await registerPlan(org1);
    microsOf(plan.creationDate);
    const event = at(await listEvents(org1, { assetKey: plan.key }), 0);
    assert.deepEqual(event.timestamp, plan.creationDate);
  }),
  scenario('metadata comes back as it was given', async ({ org1 }) => {
    const metadata = mapOf({ __tag__: '', 'a key': 'ünïcödé 🙂', ['k'.repeat(100)]: 'v' });
    const { register } = await openWorkshop(org1);
    const { key } = await register({ metadata });
    const read = (await org1.call('GetTask', { key })).metadata;
    assert.deepEqual(read, metadata);
  }),
  scenario('several assets may have one storage address', async ({ org1 }) => {
    const shared = address();
    const { register } = await openWorkshop(org1);
    for (let round = 0; round < 2; round += 1) {
      const { key } = await register();
      await act(org1, key, Action.TASK_ACTION_EXECUTING);
      const model = await org1.call('RegisterModel', newModel(key, { address: shared }));
      assert.deepEqual(model.address, shared);
    }
  }),
  longScenario(
    'a stream that is idle for a minute lives on, with a ping every 12 seconds',
    async ({ options, org1 }) => {
      await using connection = new Connection(options, { 'grpc.keepalive_time_ms': 12_000 });
      const caller = new Caller(connection, { mspid: org1.mspid, channel: org1.channel, chaincode: options.chaincode });
      await using stream = caller.subscribe((await latestEvent(caller)).id);
      await stream.connected();
      await sleep(62_000);
      const { key } = await registerPlan(org1);
      await stream.until(({ assetKey }) => assetKey === key);
    },
  ),
];
