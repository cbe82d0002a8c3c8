import { ComputeTaskAction as Action } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import { newKey, newPlan } from '../assets.ts';
import type { Caller } from '../client.ts';
import { listEvents } from '../event-log.ts';
import { openWorkshop } from '../flows.ts';
import { scenario } from '../scenario.ts';
import { persistent } from './persistent.ts';

function keyed(caller: Caller, key: string = newKey()): Caller {
  return caller.with({ 'idempotency-key': key });
}

export const replay = [
  scenario('the same request with the same key has the first answer again, and happens once', async ({ org1 }) => {
    const caller = keyed(org1);
    const plan = newPlan();
    const first = await caller.call('RegisterPlan', plan);
    await org1.call('UpdatePlan', { key: plan.key, name: 'renamed' });
    assert.deepEqual(await caller.call('RegisterPlan', plan), first);
    const events = await listEvents(org1, { assetKey: plan.key });
    assert.equal(events.length, 2);
  }),
  scenario('an action is replayed where it would be refused', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const request = { computeTaskKey: (await register()).key, action: Action.TASK_ACTION_EXECUTING };
    const caller = keyed(org1);
    await caller.call('ApplyTaskAction', request);
    await caller.call('ApplyTaskAction', request);
    await refuses(org1.call('ApplyTaskAction', request), 'IncompatibleTaskStatus');
  }),
  scenario('the same key with other content is a conflict', async ({ org1 }) => {
    const caller = keyed(org1);
    const plan = newPlan();
    await caller.call('RegisterPlan', plan);
    await refuses(caller.call('RegisterPlan', { ...plan, name: 'other' }), 'Conflict');
    await refuses(caller.call('UpdatePlan', { key: plan.key, name: plan.name }), 'Conflict');
    assert.equal((await org1.call('GetPlan', { key: plan.key })).name, plan.name);
  }),
  scenario('a failure is not stored', async ({ org1 }) => {
    const plan = newPlan();
    const caller = keyed(org1);
    const update = { key: plan.key, name: 'renamed' };
    await refuses(caller.call('UpdatePlan', update), 'NotFound');
    await org1.call('RegisterPlan', plan);
    await caller.call('UpdatePlan', update);
    assert.equal((await org1.call('GetPlan', { key: plan.key })).name, 'renamed');
  }),
  scenario('a key belongs to its organization and channel', async ({ org1, org2, elsewhere }) => {
    const key = newKey();
    for (const caller of [org1, org2, elsewhere]) {
      const plan = newPlan();
      assert.equal((await keyed(caller, key).call('RegisterPlan', plan)).owner, caller.mspid);
    }
  }),
  scenario('a key on a request that reads changes nothing', async ({ org1 }) => {
    const caller = keyed(org1);
    const plan = newPlan();
    await org1.call('RegisterPlan', plan);
    await caller.call('GetPlan', { key: plan.key });
    await org1.call('UpdatePlan', { key: plan.key, name: 'renamed' });
    assert.equal((await caller.call('GetPlan', { key: plan.key })).name, 'renamed');
  }),
  scenario('of many at once one happens, and all have its answer', async ({ org1 }) => {
    const caller = keyed(org1);
    const plan = newPlan();
    const calls = Array.from({ length: 8 }, () => persistent(() => caller.call('RegisterPlan', plan)));
    const [first, ...others] = await Promise.all(calls);
    for (const other of others) assert.deepEqual(other, first);
    const events = await listEvents(org1, { assetKey: plan.key });
    assert.equal(events.length, 1);
  }),
  scenario('a key has up to 128 printable characters', async ({ org1 }) => {
    for (const key of [`!~ ${newKey()}`.padEnd(128, 'x'), newKey().slice(0, 8)]) {
      await keyed(org1, key).call('RegisterPlan', newPlan());
    }
  }),
];
