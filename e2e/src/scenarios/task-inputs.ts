import { ComputeTaskAction as Action, type ComputeTaskInputAsset } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import {
  direct,
  everybody,
  fromParent,
  managerInput,
  mapOf,
  models,
  modelsOutput,
  modelOutput,
  newKey,
  newModel,
  output,
  samplesInput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import { act, at, finish, openWorkshop, registerDataManager, registerDataSample } from '../flows.ts';
import { scenario } from '../scenario.ts';

/** Input identifier and key of each asset. */
async function inputAssets(caller: Caller, computeTaskKey: string): Promise<(readonly [string, string])[]> {
  const { assets } = await caller.call('GetTaskInputAssets', { computeTaskKey });
  return assets.map((entry) => [entry.identifier, keyOf(entry)]);
}

function keyOf({ asset }: ComputeTaskInputAsset): string {
  assert.ok(asset !== undefined, 'an entry without asset');
  return asset.value.key;
}

export const taskInputs = [
  scenario('input assets come in the order of the inputs, whole and of their kind', async ({ org1, org2 }) => {
    const manager = await registerDataManager(org1);
    const one = await registerDataSample(org1, { dataManagerKeys: [manager.key] });
    const two = await registerDataSample(org1, { dataManagerKeys: [manager.key] });
    const maker = await openWorkshop(org1);
    const parent = await maker.register({ outputs: mapOf({ model: output(everybody) }) });
    await act(org1, parent.key, Action.TASK_ACTION_EXECUTING);
    const model = await org1.call('RegisterModel', newModel(parent.key));
    await act(org1, parent.key, Action.TASK_ACTION_DONE);
    const { register } = await openWorkshop(org1, {
      inputs: mapOf({ s: samplesInput, m: managerInput, parents: models }),
    });
    const inputs = [
      direct('parents', model.key),
      direct('s', two.key),
      direct('m', manager.key),
      fromParent(parent.key),
      direct('s', one.key),
    ];
    const { key: computeTaskKey } = await register({ inputs });
    const { assets } = await org2.call('GetTaskInputAssets', { computeTaskKey });
    assert.deepEqual(assets, [
      { identifier: 'parents', asset: { $case: 'model', value: model } },
      { identifier: 's', asset: { $case: 'dataSample', value: two } },
      { identifier: 'm', asset: { $case: 'dataManager', value: manager } },
      { identifier: 'parents', asset: { $case: 'model', value: model } },
      { identifier: 's', asset: { $case: 'dataSample', value: one } },
    ]);
  }),
  scenario('every model of a parent output comes, in the order of registration', async ({ org1 }) => {
    const maker = await openWorkshop(org1, {
      outputs: mapOf({ many: modelsOutput, none: modelsOutput, model: modelOutput }),
    });
    const outputs = mapOf({ many: output(everybody), none: output(everybody), model: output(everybody) });
    const parent = await maker.register({ outputs });
    await act(org1, parent.key, Action.TASK_ACTION_EXECUTING);
    const batch = Array.from({ length: 8 }, () => newModel(parent.key, { computeTaskOutputIdentifier: 'many' }));
    await org1.call('RegisterModels', { models: [at(batch, 7), at(batch, 3)] });
    await org1.call('RegisterModels', { models: [0, 1, 2, 4, 5, 6].map((index) => at(batch, index)) });
    await act(org1, parent.key, Action.TASK_ACTION_DONE);
    const { register } = await openWorkshop(org1);
    const { key } = await register({
      inputs: [fromParent(parent.key, 'none'), fromParent(parent.key, 'many'), fromParent(parent.key)],
    });
    const expected = [7, 3, 0, 1, 2, 4, 5, 6].map((index) => ['parents', at(batch, index).key]);
    assert.deepEqual(await inputAssets(org1, key), expected);
  }),
  scenario('a task without inputs has no input assets', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    assert.deepEqual(await inputAssets(org1, (await register()).key), []);
  }),
  scenario('input assets are told while the task may need them', async ({ org1 }) => {
    const { register } = await openWorkshop(org1);
    const waiting = await (await openWorkshop(org1, {}, 'waiting')).register();
    const building = await (await openWorkshop(org1, {}, 'building')).register();
    const [slot, executing, failed, done, canceled] = [
      await register(),
      await register(),
      await register(),
      await register(),
      await register(),
    ];
    const child = await register({ inputs: [fromParent(slot.key)] });
    await act(org1, executing.key, Action.TASK_ACTION_EXECUTING);
    await act(org1, failed.key, Action.TASK_ACTION_FAILED);
    await finish(org1, done.key);
    await act(org1, canceled.key, Action.TASK_ACTION_CANCELED);
    for (const { key } of [slot, executing, failed]) assert.deepEqual(await inputAssets(org1, key), []);
    for (const { key } of [waiting, building, child, done, canceled]) {
      await refuses(
        org1.call('GetTaskInputAssets', { computeTaskKey: key }),
        'BadRequest',
        'inputs may not be defined',
      );
    }
    await refuses(org1.call('GetTaskInputAssets', { computeTaskKey: newKey() }), 'NotFound');
  }),
];
