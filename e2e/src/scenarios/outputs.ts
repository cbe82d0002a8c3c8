import { AssetKind, ComputeTaskAction as Action, EventKind } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import {
  everybody,
  fromParent,
  mapOf,
  modelOutput,
  modelsOutput,
  newKey,
  newModel,
  output,
  performanceOutput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import { eventsDuring } from '../event-log.ts';
import { act, at, finish, openWorkshop, type Workshop } from '../flows.ts';
import { scenario } from '../scenario.ts';

const outputKinds = mapOf({ many: modelsOutput, kept: modelOutput, empty: modelOutput, auc: performanceOutput });
const outputs = mapOf({
  many: output(everybody, true),
  kept: output(everybody),
  empty: output(everybody, true),
  auc: output(everybody),
});

/** An EXECUTING task with two models under `many`, one under `kept`, none under `empty`, a performance under `auc`. */
async function openMaker(owner: Caller, worker: Caller): Promise<{ key: string; models: string[]; shop: Workshop }> {
  const shop = await openWorkshop(owner, { outputs: outputKinds });
  const { key } = await shop.register({ outputs, worker: worker.mspid });
  await act(worker, key, Action.TASK_ACTION_EXECUTING);
  const batch = ['many', 'many', 'kept'].map((computeTaskOutputIdentifier) =>
    newModel(key, { computeTaskOutputIdentifier }),
  );
  await worker.call('RegisterModels', { models: batch });
  await worker.call('RegisterPerformance', {
    computeTaskKey: key,
    computeTaskOutputIdentifier: 'auc',
    performanceValue: 1,
  });
  return { key, models: batch.map((model) => model.key), shop: await openWorkshop(owner) };
}

function disable(caller: Caller, computeTaskKey: string, identifier = 'many'): Promise<unknown> {
  return caller.call('DisableOutput', { computeTaskKey, identifier });
}

export const disabledOutputs = [
  scenario(
    'a transient output is disabled when its task and all children are final, and once only',
    async ({ org1, org2 }) => {
      const {
        key,
        models: [first = '', second = '', kept = ''],
        shop,
      } = await openMaker(org1, org2);
      const child = await shop.register({ inputs: [fromParent(key, 'kept')] });
      await act(org2, key, Action.TASK_ACTION_DONE);
      await finish(org1, child.key);
      const before = await org1.call('GetModel', { key: first });
      const labels = { task: key, first, second, kept };
      const events = await eventsDuring(org1, labels, () => disable(org2, key));
      assert.deepEqual(events.map(({ assetKey }) => assetKey).toSorted(), [first, second].toSorted());
      for (const event of events) {
        assert.deepEqual([event.eventKind, event.assetKind], [EventKind.EVENT_ASSET_DISABLED, AssetKind.ASSET_MODEL]);
        const model = await org1.call('GetModel', { key: event.assetKey });
        assert.deepEqual(event.asset, { $case: 'model', value: model });
        assert.equal(event.metadata.size, 0);
        assert.equal(model.address, undefined);
      }
      assert.deepEqual(await org1.call('GetModel', { key: first }), { ...before, address: undefined });
      assert.ok((await org1.call('GetModel', { key: kept })).address !== undefined);
      assert.deepEqual(await eventsDuring(org1, labels, () => disable(org2, key)), []);
    },
  ),
  scenario('only the worker disables an output of a task that exists', async ({ org1, org2 }) => {
    const { key } = await openMaker(org1, org2);
    await refuses(disable(org1, key), 'PermissionDenied');
    await refuses(disable(org1, newKey()), 'NotFound');
  }),
  scenario('an output is not disabled while its task is not final', async ({ org1 }) => {
    const { key, shop } = await openMaker(org1, org1);
    const child = await shop.register({ inputs: [fromParent(key, 'many')] });
    await act(org1, child.key, Action.TASK_ACTION_CANCELED);
    await refuses(disable(org1, key), 'CannotDisableOutput');
    await act(org1, key, Action.TASK_ACTION_CANCELED);
    await disable(org1, key);
  }),
  scenario('an output is not disabled unless it exists, is transient and has a model', async ({ org1 }) => {
    const { key, shop } = await openMaker(org1, org1);
    const child = await shop.register({ inputs: [fromParent(key, 'kept')] });
    await act(org1, key, Action.TASK_ACTION_FAILED);
    await act(org1, child.key, Action.TASK_ACTION_CANCELED);
    for (const identifier of ['unknown', '', 'kept', 'empty', 'auc']) {
      await refuses(disable(org1, key, identifier), 'CannotDisableOutput');
    }
    await disable(org1, key);
  }),
  scenario('an output is not disabled without children, nor while one is not final', async ({ org1 }) => {
    const { key, shop } = await openMaker(org1, org1);
    await act(org1, key, Action.TASK_ACTION_DONE);
    await refuses(disable(org1, key), 'CannotDisableOutput');
    const first = await shop.register({ inputs: [fromParent(key, 'many')] });
    const second = await shop.register({ inputs: [fromParent(key, 'kept')] });
    await finish(org1, first.key);
    await refuses(disable(org1, key), 'CannotDisableOutput');
    await act(org1, second.key, Action.TASK_ACTION_EXECUTING);
    await refuses(disable(org1, key), 'CannotDisableOutput');
    await act(org1, second.key, Action.TASK_ACTION_FAILED);
    await disable(org1, key);
  }),
  scenario('a disabled model stays in the answers, without its address', async ({ org1, org2 }) => {
    const { key, models, shop } = await openMaker(org1, org1);
    const child = await shop.register({ inputs: [fromParent(key, 'many')] });
    await act(org1, key, Action.TASK_ACTION_DONE);
    await act(org1, child.key, Action.TASK_ACTION_FAILED);
    await disable(org1, key);
    const answer = await org2.call('GetComputeTaskOutputModels', { computeTaskKey: key });
    const addressed = new Map(answer.models.map((model) => [model.key, model.address !== undefined]));
    assert.deepEqual(
      models.map((model) => addressed.get(model)),
      [false, false, true],
    );
    const { assets } = await org2.call('GetTaskInputAssets', { computeTaskKey: child.key });
    assert.equal(assets.length, 2);
    assert.deepEqual(at(assets, 0).asset?.$case, 'model');
  }),
];
