import { describe, expect, it } from 'vitest';
import { buildOrganization } from '../builders/assets.ts';
import type { Suite } from './suite.ts';
import { ODD_TEXTS } from './texts.ts';

export function organizationConformance(suite: Suite): void {
  describe('organizations', () => {
    it('are registered once, under whatever id', () => registersAnyId(suite));
    it('are all listed by creation date then id', () => listsInOrder(suite));
    it('leave nothing behind when the transaction fails, and are not known in another channel', () => isolates(suite));
    it('cannot be added twice', () => refusesTwins(suite));
  });
}

async function registersAnyId(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const ids = ODD_TEXTS.filter((id) => id !== '');
  await room.write(async (dbal, now) => {
    for (const id of ids) dbal.organization.addOrganization(buildOrganization(room.random, { id, creationDate: now }));
    expect(await dbal.organization.getRegisteredIds(ids)).toEqual(new Set(ids));
  });
  const asked = [...ids, 'MyOrg1MSP', '', 'é'.repeat(10_000), ...ids];
  expect(await room.read((dbal) => dbal.organization.getRegisteredIds(asked))).toEqual(new Set(ids));
  expect(await room.read((dbal) => dbal.organization.getRegisteredIds([]))).toEqual(new Set());
  const listed = await room.read((dbal) => dbal.organization.getAllOrganizations());
  expect(new Set(listed.map((stored) => stored.value.id))).toEqual(new Set(ids));
}

async function listsInOrder(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = (ids: readonly string[]) =>
    room.write(async (dbal, now) => {
      const made = ids.map((id) =>
        buildOrganization(room.random, { id, creationDate: now, address: `http://${id}.org` }),
      );
      for (const organization of made) dbal.organization.addOrganization(organization);
      return made.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    });
  const expected = [...(await add(['Z', 'b', 'a', 'B'])), ...(await add(['A']))];
  const listed = await room.read((dbal) => dbal.organization.getAllOrganizations());
  expect(listed.map((stored) => stored.value)).toEqual(expected);
  expect(listed.map((stored) => stored.value.id)).toEqual(['B', 'Z', 'a', 'b', 'A']);
}

async function isolates(suite: Suite): Promise<void> {
  const [here, there] = [await suite.openRoom(), await suite.openRoom()];
  await here.write(async (dbal, now) => {
    dbal.organization.addOrganization(buildOrganization(here.random, { id: 'kept', creationDate: now }));
  });
  const failing = here.write(async (dbal, now) => {
    dbal.organization.addOrganization(buildOrganization(here.random, { id: 'dropped', creationDate: now }));
    throw new Error('changed my mind');
  });
  await expect(failing).rejects.toThrow('changed my mind');
  const registered = await here.read((dbal) => dbal.organization.getRegisteredIds(['kept', 'dropped']));
  expect(registered).toEqual(new Set(['kept']));
  expect(await there.read((dbal) => dbal.organization.getRegisteredIds(['kept']))).toEqual(new Set());
  expect(await there.read((dbal) => dbal.organization.getAllOrganizations())).toEqual([]);
}

async function refusesTwins(suite: Suite): Promise<void> {
  const room = await suite.openRoom();
  const add = (address: string) =>
    room.write(async (dbal, now) => {
      dbal.organization.addOrganization(buildOrganization(room.random, { id: 'twin', address, creationDate: now }));
    });
  await add('http://first.org');
  await expect(add('http://second.org')).rejects.toThrow();
  const listed = await room.read((dbal) => dbal.organization.getAllOrganizations());
  expect(listed.map((stored) => stored.value.address)).toEqual(['http://first.org']);
}
