import { assert, refuses } from '../assert.ts';
import { address, mapOf, newDataManager, newDataSample, newKey, nobodyElse, onlyFor } from '../assets.ts';
import { changesDuring } from '../event-log.ts';
import { at, registerDataManager, registerDataSample } from '../flows.ts';
import { scenario } from '../scenario.ts';

export const data = [
  scenario('a data manager keeps what it was given, but for its type', async ({ org1, org2 }) => {
    const request = newDataManager({
      newPermissions: nobodyElse,
      logsPermission: onlyFor(org2.mspid),
      type: 'ignored',
      metadata: mapOf({ foo: 'bar' }),
    });
    const answer = await org1.call('RegisterDataManager', request);
    const { newPermissions: _, ...given } = request;
    const mine = { public: false, authorizedIds: [org1.mspid] };
    assert.deepEqual(answer, {
      ...given,
      type: '',
      owner: org1.mspid,
      permissions: { process: mine, download: mine },
      logsPermission: { public: false, authorizedIds: [org2.mspid, org1.mspid] },
      creationDate: answer.creationDate,
    });
    assert.deepEqual(await org2.call('GetDataManager', { key: request.key }), answer);
  }),
  scenario('a data manager is renamed by its owner only', async ({ org1, org2 }) => {
    const { key } = await registerDataManager(org1);
    await refuses(org1.call('RegisterDataManager', newDataManager({ key })), 'Conflict');
    await refuses(org2.call('UpdateDataManager', { key, name: 'theirs' }), 'PermissionDenied');
    await refuses(org1.call('UpdateDataManager', { key: newKey(), name: 'name' }), 'NotFound');
    await refuses(org1.call('GetDataManager', { key: newKey() }), 'NotFound');
    await org1.call('UpdateDataManager', { key, name: 'renamed' });
    assert.equal((await org1.call('GetDataManager', { key })).name, 'renamed');
  }),
  scenario('a batch of samples is answered in its order, repeats of managers dropped', async ({ org1 }) => {
    const [one, two] = [(await registerDataManager(org1)).key, (await registerDataManager(org1)).key];
    const samples = [
      newDataSample({ dataManagerKeys: [two, one, two], testOnly: true }),
      newDataSample(),
      newDataSample({ dataManagerKeys: [one] }),
    ];
    const { dataSamples } = await org1.call('RegisterDataSamples', { samples });
    assert.deepEqual(
      dataSamples.map(({ key }) => key),
      samples.map(({ key }) => key),
    );
    assert.deepEqual(
      dataSamples.map(({ dataManagerKeys }) => dataManagerKeys),
      [[two, one], [], [one]],
    );
    assert.deepEqual(
      dataSamples.map(({ owner, testOnly }) => [owner, testOnly]),
      Array.from({ length: 3 }, () => [org1.mspid, false]),
    );
    for (const sample of dataSamples) assert.deepEqual(await org1.call('GetDataSample', { key: sample.key }), sample);
  }),
  scenario('a batch of samples is registered as a whole or not at all', async ({ org1, org2 }) => {
    const { key: mine } = await registerDataManager(org1);
    const { key: theirs } = await registerDataManager(org2);
    const { key: known } = await registerDataSample(org1);
    const good = newDataSample({ dataManagerKeys: [mine] });
    const register = (...others: object[]): Promise<unknown> =>
      org1.call('RegisterDataSamples', { samples: [good, ...others] });
    await refuses(register(newDataSample({ dataManagerKeys: [mine, newKey()] })), 'NotFound');
    await refuses(register(newDataSample({ dataManagerKeys: [mine, theirs] })), 'PermissionDenied');
    await refuses(register(newDataSample({ key: known })), 'Conflict');
    await refuses(register(newDataSample({ key: good.key })), 'Conflict');
    await refuses(org1.call('GetDataSample', { key: good.key }), 'NotFound');
  }),
  scenario('samples are checked one by one, their managers before their key', async ({ org1, org2 }) => {
    const { key: theirs } = await registerDataManager(org2);
    const { key: known } = await registerDataSample(org1);
    const register = (...samples: object[]): Promise<unknown> => org1.call('RegisterDataSamples', { samples });
    await refuses(register(newDataSample({ key: known, dataManagerKeys: [newKey()] })), 'NotFound');
    await refuses(register(newDataSample({ key: known, dataManagerKeys: [theirs] })), 'PermissionDenied');
    await refuses(register(newDataSample({ key: known }), newDataSample({ dataManagerKeys: [newKey()] })), 'Conflict');
  }),
  scenario('an update adds managers behind the present ones', async ({ org1 }) => {
    const managers = [
      await registerDataManager(org1),
      await registerDataManager(org1),
      await registerDataManager(org1),
    ];
    const [one, two, three] = managers.map(({ key }) => key) as [string, string, string];
    const first = await registerDataSample(org1, { dataManagerKeys: [three, one] });
    const second = await registerDataSample(org1);
    await org1.call('UpdateDataSamples', { keys: [first.key, second.key], dataManagerKeys: [two, one, two] });
    assert.deepEqual((await org1.call('GetDataSample', { key: first.key })).dataManagerKeys, [three, one, two]);
    assert.deepEqual((await org1.call('GetDataSample', { key: second.key })).dataManagerKeys, [two, one]);
  }),
  scenario("an update needs the managers and the samples to be the caller's", async ({ org1, org2 }) => {
    const [mine, theirs] = [(await registerDataManager(org1)).key, (await registerDataManager(org2)).key];
    const [sample, foreign] = [(await registerDataSample(org1)).key, (await registerDataSample(org2)).key];
    const update = (keys: string[], dataManagerKeys: string[]): Promise<unknown> =>
      org1.call('UpdateDataSamples', { keys, dataManagerKeys });
    await refuses(update([sample], [newKey()]), 'NotFound');
    await refuses(update([sample], [theirs]), 'PermissionDenied');
    await refuses(update([sample, newKey()], [mine]), 'NotFound');
    await refuses(update([sample, foreign], [mine]), 'PermissionDenied');
    // The managers come first.
    await refuses(update([newKey()], [theirs]), 'PermissionDenied');
    await refuses(update([foreign], [newKey()]), 'NotFound');
    assert.deepEqual((await org1.call('GetDataSample', { key: sample })).dataManagerKeys, []);
  }),
  scenario('a dataset is a manager and the keys of its samples by creation date, then key', async ({ org1, org2 }) => {
    const manager = await registerDataManager(org1);
    const batch = Array.from({ length: 5 }, () => newDataSample({ dataManagerKeys: [manager.key] }));
    const late = newDataSample();
    await org1.call('RegisterDataSamples', { samples: [late] });
    await org1.call('RegisterDataSamples', { samples: batch });
    const last = await registerDataSample(org1, { dataManagerKeys: [manager.key] });
    await registerDataSample(org1);
    await org1.call('UpdateDataSamples', { keys: [late.key], dataManagerKeys: [manager.key] });
    const dataset = await org2.call('GetDataset', { key: manager.key });
    assert.deepEqual(dataset.dataManager, manager);
    assert.deepEqual(dataset.dataSampleKeys, [late.key, ...batch.map(({ key }) => key).toSorted(), last.key]);
    await refuses(org1.call('GetDataset', { key: newKey() }), 'NotFound');
  }),
  scenario('a dataset without samples is empty', async ({ org1 }) => {
    const { key } = await registerDataManager(org1);
    assert.deepEqual((await org1.call('GetDataset', { key })).dataSampleKeys, []);
  }),
  scenario('events of managers and samples: one per asset, without metadata', async ({ org1 }) => {
    const manager = newDataManager();
    const samples = [newDataSample(), newDataSample()];
    const labels = { m: manager.key, s1: at(samples, 0).key, s2: at(samples, 1).key };
    const changes = await changesDuring(org1, labels, async () => {
      await org1.call('RegisterDataManager', manager);
      await org1.call('RegisterDataSamples', { samples });
      await org1.call('UpdateDataSamples', { keys: [labels.s2, labels.s1], dataManagerKeys: [manager.key] });
      await org1.call('UpdateDataManager', { key: manager.key, name: 'renamed' });
    });
    assert.deepEqual(changes.slice(0, 3), [
      'm: DATA_MANAGER CREATED',
      's1: DATA_SAMPLE CREATED',
      's2: DATA_SAMPLE CREATED',
    ]);
    assert.deepEqual(changes.slice(3, 5).toSorted(), ['s1: DATA_SAMPLE UPDATED', 's2: DATA_SAMPLE UPDATED']);
    assert.deepEqual(changes.slice(5), ['m: DATA_MANAGER UPDATED']);
  }),
  scenario('several assets may share a storage address', async ({ org1 }) => {
    const shared = address();
    await registerDataManager(org1, { description: shared, opener: shared });
    await registerDataManager(org1, { description: shared, opener: shared });
  }),
];
