import { describe, expect, it } from 'vitest';
import type { Permission } from '../gen/orchestrator/common.ts';
import { canProcess, createPermission, createPermissions, intersectPermission, unionPermission } from './permission.ts';

function ids(...authorizedIds: string[]): Permission {
  return { public: false, authorizedIds };
}

const everybody: Permission = { public: true, authorizedIds: [] };
const registered = new Set(['org1', 'org2']);

describe('a permission', () => {
  it.each([
    ['appends the owner', ids('org2'), ids('org2', 'org1')],
    ['keeps the order given and the owner where it is', ids('org1', 'org2'), ids('org1', 'org2')],
    ['appends the owner of a public one too', everybody, { public: true, authorizedIds: ['org1'] }],
    ['keeps the ids of a public one unchecked', { ...ids('nobody'), public: true }, { public: true, authorizedIds: ['nobody', 'org1'] }],
  ])('%s', (_, asked, expected) => {
    expect(createPermission('org1', asked, registered)).toEqual(expected);
  });

  it('refuses an organization that is not registered, naming it', () => {
    expect(() => createPermission('org1', ids('org2', 'org3'), registered)).toThrow(/^OE0003: .*"org3"/u);
  });

  it('serves processing and downloading alike', () => {
    const permission = ids('org2', 'org1');
    expect(createPermissions('org1', ids('org2'), registered)).toEqual({ process: permission, download: permission });
  });

  it.each([
    [everybody, 'org3', true],
    [ids('org1'), 'org1', true],
    [ids('org1'), 'org3', false],
  ])('%j lets %s process: %s', (process, organization, expected) => {
    expect(canProcess({ process, download: ids() }, organization)).toBe(expected);
  });
});

describe('two permissions', () => {
  it.each([
    [everybody, ids('test'), ids('test'), everybody],
    [ids('test'), everybody, ids('test'), everybody],
    [everybody, everybody, everybody, everybody],
    [ids('org1'), ids('org2'), ids(), ids('org1', 'org2')],
    [ids('org1'), ids('org1', 'org2'), ids('org1'), ids('org1', 'org2')],
  ])('%j and %j', (a, b, intersection, union) => {
    expect([intersectPermission(a, b), unionPermission(a, b)]).toEqual([intersection, union]);
  });
});
