import { AssetKind } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import { newKey } from '../assets.ts';
import { eventsDuring, inWords } from '../event-log.ts';
import { at, only, openWorkshop, registerDataManager } from '../flows.ts';
import { scenario } from '../scenario.ts';

export const info = [
  scenario('a profiling step of a task or function is its event', async ({ org1, org2 }) => {
    const { functionKey, register } = await openWorkshop(org1);
    const { key } = await register();
    for (const assetKey of [functionKey, key]) {
      const step = { assetKey, step: 'image build', duration: 4_294_967_295 };
      const events = await eventsDuring(org1, { asset: assetKey }, async () => {
        assert.deepEqual(await org2.call('RegisterProfilingStep', step), {});
      });
      const event = only(events);
      assert.equal(inWords(event, { asset: assetKey }), 'asset: PROFILING_STEP CREATED');
      assert.deepEqual(event.asset, { $case: 'profilingStep', value: step });
    }
  }),
  scenario('the same profiling step may be announced again', async ({ org1 }) => {
    const { functionKey: assetKey } = await openWorkshop(org1);
    for (let round = 0; round < 2; round += 1)
      await org1.call('RegisterProfilingStep', { assetKey, step: 'step', duration: 1 });
    const filter = { assetKey, assetKind: AssetKind.ASSET_PROFILING_STEP };
    const { events } = await org1.call('QueryEvents', { filter });
    assert.equal(events.length, 2);
    assert.notEqual(at(events, 0).id, at(events, 1).id);
  }),
  scenario('a profiling step is about a task or function of the channel', async ({ org1, elsewhere }) => {
    const { functionKey, computePlanKey } = await openWorkshop(org1);
    const { key: manager } = await registerDataManager(org1);
    for (const assetKey of [newKey(), computePlanKey, manager]) {
      await refuses(org1.call('RegisterProfilingStep', { assetKey, step: 'step', duration: 1 }), 'NotFound');
    }
    await refuses(
      elsewhere.call('RegisterProfilingStep', { assetKey: functionKey, step: 'step', duration: 1 }),
      'NotFound',
    );
  }),
  scenario('the version is never empty', async ({ org1 }) => {
    assert.notEqual((await org1.call('QueryVersion', {})).orchestrator, '');
  }),
];
