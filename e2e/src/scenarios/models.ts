import { AssetKind, ComputeTaskAction as Action, type Event } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import {
  everybody,
  mapOf,
  modelOutput,
  modelsOutput,
  newKey,
  newModel,
  onlyFor,
  output,
  performanceOutput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import { changesDuring, eventsDuring } from '../event-log.ts';
import { act, at, openWorkshop } from '../flows.ts';
import { scenario } from '../scenario.ts';

const outputKinds = mapOf({ model: modelOutput, other: modelOutput, many: modelsOutput, auc: performanceOutput });

/** A task of org1 at the worker's, EXECUTING. */
async function executing(owner: Caller, worker: Caller): Promise<string> {
  const { register } = await openWorkshop(owner, { outputs: outputKinds });
  const outputs = mapOf({
    model: output(onlyFor(worker.mspid)),
    other: output(everybody),
    many: output(everybody),
    auc: output(everybody),
  });
  const { key } = await register({ worker: worker.mspid, outputs });
  await act(worker, key, Action.TASK_ACTION_EXECUTING);
  return key;
}

const under = (computeTaskOutputIdentifier: string): object => ({ computeTaskOutputIdentifier });

function outputAsset({ asset }: Event): unknown {
  assert.equal(asset?.$case, 'computeTaskOutputAsset');
  return asset?.value;
}

export const modelScenarios = [
  scenario('a model has the permissions of its output and belongs to the worker', async ({ org1, org2 }) => {
    const task = await executing(org1, org2);
    const request = newModel(task);
    const answer = await org2.call('RegisterModel', request);
    const process = { public: false, authorizedIds: [org2.mspid, org1.mspid] };
    assert.deepEqual(answer, {
      key: request.key,
      computeTaskKey: task,
      address: request.address,
      permissions: { process, download: process },
      owner: org2.mspid,
      creationDate: answer.creationDate,
    });
    assert.deepEqual(await org1.call('GetModel', { key: request.key }), answer);
    await refuses(org1.call('GetModel', { key: newKey() }), 'NotFound');
  }),
  scenario('a batch of models is answered in its order; each makes two events', async ({ org1 }) => {
    const task = await executing(org1, org1);
    const models = [newModel(task, under('many')), newModel(task), newModel(task, under('many'))];
    const labels = { task, ...Object.fromEntries(models.map(({ key }, index) => [`m${index}`, key])) };
    let answered: string[] = [];
    const changes = await changesDuring(org1, labels, async () => {
      answered = (await org1.call('RegisterModels', { models })).models.map(({ key }) => key);
    });
    assert.deepEqual(
      answered,
      models.map(({ key }) => key),
    );
    const output = 'task: COMPUTE_TASK_OUTPUT_ASSET CREATED';
    assert.deepEqual(changes, ['m0: MODEL CREATED', output, 'm1: MODEL CREATED', output, 'm2: MODEL CREATED', output]);
  }),
  scenario('the output asset names task, output and model', async ({ org1 }) => {
    const task = await executing(org1, org1);
    const model = newModel(task);
    const events = await eventsDuring(org1, { task, model: model.key }, () => org1.call('RegisterModel', model));
    assert.equal(events.length, 2);
    assert.deepEqual(outputAsset(at(events, 1)), {
      computeTaskKey: task,
      computeTaskOutputIdentifier: 'model',
      assetKind: AssetKind.ASSET_MODEL,
      assetKey: model.key,
    });
  }),
  scenario('the models of a task are listed by creation date, then key', async ({ org1, org2 }) => {
    const task = await executing(org1, org1);
    const [first, ...batch] = Array.from({ length: 5 }, () => newModel(task, under('many')));
    assert.ok(first !== undefined);
    await org1.call('RegisterModels', { models: [first] });
    await org1.call('RegisterModels', { models: batch });
    const { models } = await org2.call('GetComputeTaskOutputModels', { computeTaskKey: task });
    assert.deepEqual(
      models.map(({ key }) => key),
      [first.key, ...batch.map(({ key }) => key).toSorted()],
    );
    assert.deepEqual((await org1.call('GetComputeTaskOutputModels', { computeTaskKey: newKey() })).models, []);
  }),
  scenario("the task must exist, be one, be the worker's and EXECUTING, in that order", async ({ org1, org2 }) => {
    const task = await executing(org1, org2);
    const other = await executing(org1, org2);
    const waiting = await (await openWorkshop(org1)).register({ worker: org2.mspid });
    const register = (caller: Caller, ...models: object[]): Promise<unknown> =>
      caller.call('RegisterModels', { models });
    await refuses(register(org2, newModel(newKey())), 'NotFound');
    await refuses(register(org2, newModel(task), newModel(other)), 'BadRequest');
    await refuses(register(org1, newModel(task), newModel(other)), 'BadRequest');
    await refuses(register(org1, newModel(task)), 'PermissionDenied');
    await refuses(register(org1, newModel(waiting.key)), 'PermissionDenied');
    await refuses(register(org2, newModel(waiting.key, under('unknown'))), 'BadRequest');
    await act(org2, task, Action.TASK_ACTION_DONE);
    await refuses(register(org2, newModel(task)), 'BadRequest');
  }),
  scenario('the output must exist, hold models, and have room; the key must be new', async ({ org1 }) => {
    const task = await executing(org1, org1);
    const register = (...models: object[]): Promise<unknown> => org1.call('RegisterModels', { models });
    await refuses(register(newModel(task, under('unknown'))), 'MissingTaskOutput');
    await refuses(register(newModel(task, under('auc'))), 'IncompatibleKind');
    await refuses(register(newModel(task), newModel(task)), 'Conflict');
    const model = newModel(task);
    await register(model);
    await refuses(register(newModel(task)), 'Conflict');
    await refuses(register(newModel(task, { key: model.key, ...under('many') })), 'Conflict');
    const twice = newModel(task, under('many'));
    await refuses(register(twice, twice), 'Conflict');
    await register(twice);
    await refuses(org1.call('RegisterModel', newModel(task)), 'Conflict');
  }),
  scenario('a batch of models is registered as a whole or not at all', async ({ org1 }) => {
    const task = await executing(org1, org1);
    const [good, bad] = [newModel(task), newModel(task, under('unknown'))];
    const changes = await changesDuring(org1, { task, good: good.key }, () =>
      refuses(org1.call('RegisterModels', { models: [good, bad] }), 'MissingTaskOutput'),
    );
    assert.deepEqual(changes, []);
    await refuses(org1.call('GetModel', { key: good.key }), 'NotFound');
  }),
];
