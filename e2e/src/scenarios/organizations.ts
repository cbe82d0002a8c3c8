import { AssetKind, EventKind } from '@orchestrator/lib';
import { assert, refuses } from '../assert.ts';
import { listEvents, microsOf } from '../event-log.ts';
import { at, only } from '../flows.ts';
import { scenario } from '../scenario.ts';

export const organizations = [
  scenario('a registered organization is told so, and clients may go on', async ({ org1, org2 }) => {
    await refuses(org1.call('RegisterOrganization', { address: '' }), 'Conflict');
    const longest = `https://example.org/${'a'.repeat(180)}`;
    for (const address of ['https://org2.example.org', 'http://backend-org-2.org-2:8000', longest]) {
      await refuses(org2.call('RegisterOrganization', { address }), 'Conflict');
    }
  }),
  scenario('a bad address is refused even when the organization is registered', async ({ org1 }) => {
    for (const address of [
      'example.org/backend',
      '/backend',
      'not an address',
      `https://example.org/${'a'.repeat(181)}`,
    ]) {
      await refuses(org1.call('RegisterOrganization', { address }), 'InvalidAsset');
    }
  }),
  scenario('all organizations are listed by creation date, then id', async ({ org1, org2 }) => {
    const list = (await org1.call('GetAllOrganizations', {})).organizations;
    assert.deepEqual(await org2.call('GetAllOrganizations', {}), { organizations: list });
    const ids = list.map(({ id }) => id);
    assert.ok(ids.includes(org1.mspid) && ids.includes(org2.mspid));
    for (let index = 1; index < list.length; index += 1) {
      const [before, after] = [at(list, index - 1), at(list, index)];
      const [first, second] = [microsOf(before.creationDate), microsOf(after.creationDate)];
      assert.ok(first < second || (first === second && before.id < after.id), `${before.id} before ${after.id}`);
    }
  }),
  scenario('the registration of an organization is one created event', async ({ org1 }) => {
    const { organizations: list } = await org1.call('GetAllOrganizations', {});
    const registered = list.find(({ id }) => id === org1.mspid);
    const filter = { assetKey: org1.mspid, assetKind: AssetKind.ASSET_ORGANIZATION };
    const event = only(await listEvents(org1, filter));
    assert.equal(event.eventKind, EventKind.EVENT_ASSET_CREATED);
    assert.equal(event.channel, org1.channel);
    assert.equal(event.metadata.size, 0);
    assert.deepEqual(event.asset, { $case: 'organization', value: registered });
    assert.deepEqual(event.timestamp, registered?.creationDate);
  }),
];
