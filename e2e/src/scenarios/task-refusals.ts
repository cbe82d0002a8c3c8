import { ComputeTaskAction as Action } from '@orchestrator/lib';
import { all, type RefusalName, refuses } from '../assert.ts';
import {
  direct,
  everybody,
  fromParent,
  managerInput,
  mapOf,
  modelInput,
  modelOutput,
  modelsOutput,
  models,
  newKey,
  newModel,
  nobodyElse,
  onlyFor,
  output,
  performanceOutput,
  samplesInput,
} from '../assets.ts';
import type { Caller } from '../client.ts';
import type { Context } from '../context.ts';
import {
  act,
  openWorkshop,
  registerDataManager,
  registerDataSample,
  registerFunction,
  registerPlan,
  type Workshop,
} from '../flows.ts';
import { scenario } from '../scenario.ts';

/** What must be refused, by the sentence that says why. */
type Cases = Readonly<Record<string, readonly [RefusalName, object]>>;

function refuseEach(shop: Workshop, cases: Cases): Promise<void> {
  return all(Object.entries(cases), ([name, changes]) =>
    refuses(shop.owner.call('RegisterTasks', { tasks: [shop.task(changes)] }), name),
  );
}

export const taskRefusals = [
  scenario("the plan must exist and be the caller's, and that comes before the function", async ({ org1, org2 }) => {
    const { key: theirs } = await registerPlan(org2);
    await refuseEach(await openWorkshop(org1), {
      'unknown plan': ['NotFound', { computePlanKey: newKey() }],
      'plan of another': ['PermissionDenied', { computePlanKey: theirs }],
      'plan of another, function unknown': ['PermissionDenied', { computePlanKey: theirs, functionKey: newKey() }],
    });
  }),
  scenario(
    'the function must exist and be open to the caller, and that comes before the outputs',
    async ({ org1, org2 }) => {
      const { key: secret } = await registerFunction(org2, { newPermissions: nobodyElse });
      const strange = mapOf({ model: output(onlyFor('NobodyMSP')) });
      await refuseEach(await openWorkshop(org1), {
        'unknown function': ['NotFound', { functionKey: newKey() }],
        'private function': ['PermissionDenied', { functionKey: secret }],
        'private function, output for nobody': ['PermissionDenied', { functionKey: secret, outputs: strange }],
      });
    },
  ),
  scenario('a DONE parent with a disabled model is refused, whichever its output', async ({ org1 }) => {
    const { shop, done } = await disabledParent(org1);
    const strange = mapOf({ model: output(onlyFor('NobodyMSP')) });
    await refuseEach(shop, {
      'the disabled output': ['InvalidAsset', { inputs: [fromParent(done, 'disabled')] }],
      'another output': ['InvalidAsset', { inputs: [fromParent(done, 'model')] }],
      'output for nobody': ['InvalidAsset', { inputs: [fromParent(done, 'model')], outputs: strange }],
    });
  }),
  scenario('output permissions come before the worker', async ({ org1 }) => {
    const strange = mapOf({ model: output(onlyFor('NobodyMSP')) });
    await refuseEach(await openWorkshop(org1), {
      'output for nobody': ['BadRequest', { outputs: strange }],
      'and an undeclared input': ['BadRequest', { outputs: strange, inputs: [direct('undeclared', newKey())] }],
      'and an unknown worker': ['BadRequest', { outputs: strange, worker: 'NobodyMSP' }],
    });
  }),
  scenario(
    'there must be a worker, registered, after the input identifiers and before the inputs',
    async ({ org1 }) => {
      const shop = await openWorkshop(org1, { inputs: mapOf({ one: modelInput, parents: models }) });
      await refuseEach(shop, {
        'no worker, though an input is missing': ['BadRequest', { worker: '' }],
        'an unregistered worker, though an input is missing': ['NotFound', { worker: 'NobodyMSP' }],
        'an undeclared input, though there is no worker': [
          'InvalidAsset',
          { worker: '', inputs: [direct('undeclared', newKey())] },
        ],
      });
    },
  ),
  scenario('inputs must be declared, given, and repeated only when multiple', async ({ org1 }) => {
    const { key: parent } = await (await openWorkshop(org1)).register();
    const shop = await openWorkshop(org1, { inputs: mapOf({ one: modelInput, parents: models }) });
    const one = fromParent(parent, 'model', 'one');
    await refuseEach(shop, {
      undeclared: ['InvalidAsset', { inputs: [one, fromParent(parent, 'model', 'undeclared')] }],
      missing: ['InvalidAsset', { inputs: [fromParent(parent)] }],
      repeated: ['InvalidAsset', { inputs: [one, one] }],
    });
    await shop.register({ inputs: [one, fromParent(parent), fromParent(parent)] });
  }),
  scenario('outputs must be declared and given, a performance public and not transient', async ({ org1 }) => {
    const shop = await openWorkshop(org1, { outputs: mapOf({ model: modelOutput, auc: performanceOutput }) });
    const model = output(nobodyElse, true);
    const outputs = (record: Readonly<Record<string, ReturnType<typeof output>>>): object => ({
      outputs: mapOf(record),
    });
    await refuseEach(shop, {
      undeclared: ['InvalidAsset', outputs({ model, auc: output(everybody), other: model })],
      missing: ['InvalidAsset', outputs({ auc: output(everybody) })],
      'private performance': ['InvalidAsset', outputs({ model, auc: output(nobodyElse) })],
      'transient performance': ['InvalidAsset', outputs({ model, auc: output(everybody, true) })],
    });
    await shop.register(outputs({ model, auc: output(everybody) }));
  }),
  scenario('inputs come before outputs', async ({ org1 }) => {
    await refuseEach(await openWorkshop(org1), {
      'unknown model, undeclared output': [
        'NotFound',
        { inputs: [direct('parents', newKey())], outputs: mapOf({ other: output(everybody) }) },
      ],
    });
  }),
  scenario('data managers and samples: by key, open to the caller, belonging together', (context) =>
    dataRefusals(context),
  ),
  scenario('a model must exist and be open to the worker', async ({ org1, org2 }) => {
    const shop = await openWorkshop(org1);
    const { key: maker } = await shop.register();
    await act(org1, maker, Action.TASK_ACTION_EXECUTING);
    const { key } = await org1.call('RegisterModel', newModel(maker));
    await refuseEach(shop, {
      'unknown model': ['NotFound', { inputs: [direct('parents', newKey())] }],
      'closed to the worker': ['PermissionDenied', { worker: org2.mspid, inputs: [direct('parents', key)] }],
    });
    await shop.register({ inputs: [direct('parents', key)] });
  }),
  scenario('a disabled model is still taken by its key', async ({ org1 }) => {
    const { shop, model } = await disabledParent(org1);
    await shop.register({ inputs: [direct('parents', model)] });
  }),
  scenario(
    'a parent output must be declared, of the kind, not multiple unless the input is, open to the worker',
    async ({ org1, org2 }) => {
      const maker = await openWorkshop(org1, {
        outputs: mapOf({ model: modelOutput, many: modelsOutput, auc: performanceOutput }),
      });
      const outputs = mapOf({ model: output(nobodyElse), many: output(everybody), auc: output(everybody) });
      const { key } = await maker.register({ outputs });
      const shop = await openWorkshop(org1, {
        inputs: mapOf({ one: { ...modelInput, optional: true }, parents: models }),
      });
      await refuseEach(shop, {
        undeclared: ['InvalidAsset', { inputs: [fromParent(key, 'undeclared')] }],
        'a performance': ['InvalidAsset', { inputs: [fromParent(key, 'auc')] }],
        multiple: ['InvalidAsset', { inputs: [fromParent(key, 'many', 'one')] }],
        'closed to the worker': ['PermissionDenied', { worker: org2.mspid, inputs: [fromParent(key)] }],
      });
      await shop.register({ inputs: [fromParent(key, 'many'), fromParent(key, 'model', 'one')] });
      await shop.register({ worker: org2.mspid, inputs: [fromParent(key, 'many')] });
    },
  ),
  scenario('one bad task refuses its batch, even after tasks that are good', async ({ org1 }) => {
    const { task } = await openWorkshop(org1);
    const good = task();
    const bad = task({ worker: '', inputs: [fromParent(good.key)] });
    await refuses(org1.call('RegisterTasks', { tasks: [bad, good] }), 'BadRequest');
    await refuses(org1.call('GetTask', { key: good.key }), 'NotFound');
  }),
];

async function dataRefusals({ org1, org2 }: Context): Promise<void> {
  const { key: manager } = await registerDataManager(org1);
  const { key: other } = await registerDataManager(org1);
  const { key: secret } = await registerDataManager(org2, { newPermissions: nobodyElse });
  const { key: sample } = await registerDataSample(org1, { dataManagerKeys: [manager] });
  const { key: parent } = await (await openWorkshop(org1)).register();
  const shop = await openWorkshop(org1, { inputs: mapOf({ m: managerInput, s: samplesInput, parents: models }) });
  const inputs = (managerKey: string, ...samples: string[]): object => ({
    worker: '',
    inputs: [direct('m', managerKey), ...samples.map((key) => direct('s', key))],
  });
  await refuseEach(shop, {
    'unknown manager': ['NotFound', inputs(newKey(), sample)],
    'closed manager': ['PermissionDenied', inputs(secret, sample)],
    'closed manager, unknown sample': ['PermissionDenied', inputs(secret, newKey())],
    'another worker': ['BadRequest', { ...inputs(manager, sample), worker: org2.mspid }],
    'unknown sample': ['NotFound', inputs(manager, sample, newKey())],
    'sample of another manager': ['InvalidAsset', inputs(other, sample)],
    'no sample': ['InvalidAsset', inputs(manager)],
    'no manager': ['InvalidAsset', { inputs: [direct('s', sample)] }],
    'manager twice': ['InvalidAsset', { inputs: [direct('m', manager), direct('m', manager), direct('s', sample)] }],
    'manager from a parent': ['InvalidAsset', { inputs: [fromParent(parent, 'model', 'm'), direct('s', sample)] }],
    'sample from a parent': ['InvalidAsset', { inputs: [direct('m', manager), fromParent(parent, 'model', 's')] }],
  });
  await shop.register(inputs(manager, sample));
}

/** A DONE task with two outputs, the one called `disabled` being so. */
async function disabledParent(owner: Caller): Promise<{ shop: Workshop; done: string; model: string }> {
  const maker = await openWorkshop(owner, { outputs: mapOf({ model: modelOutput, disabled: modelOutput }) });
  const outputs = mapOf({ model: output(everybody), disabled: output(everybody, true) });
  const { key: done } = await maker.register({ outputs });
  const shop = await openWorkshop(owner);
  const { key: child } = await shop.register({ inputs: [fromParent(done)] });
  await act(owner, done, Action.TASK_ACTION_EXECUTING);
  const { key: model } = await owner.call('RegisterModel', newModel(done, { computeTaskOutputIdentifier: 'disabled' }));
  await act(owner, done, Action.TASK_ACTION_DONE);
  await act(owner, child, Action.TASK_ACTION_CANCELED);
  await owner.call('DisableOutput', { computeTaskKey: done, identifier: 'disabled' });
  return { shop, done, model };
}
