import { expect, it } from 'vitest';
import { takeTour } from '../spec-support-tour.ts';
import { keysOf } from './request-keys.ts';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

it('every procedure that is about an asset tells its key', async () => {
  const steps = await takeTour(1, 'MyOrg1MSP', () => Promise.resolve({ events: [] }));
  const without = new Set<string>();
  for (const { procedure, request } of steps) {
    const { keys } = keysOf(procedure.request.fromPartial(request));
    if (keys.length === 0) without.add(procedure.method);
    expect(keys.every((key) => UUID.test(key)), procedure.method).toBe(true);
  }
  expect([...without].toSorted()).toEqual([
    'GetAllOrganizations',
    'QueryDataManagers',
    'QueryPlans',
    'QueryVersion',
    'RegisterOrganization',
    'SubscribeToEvents',
  ]);
});

it('an asset is told by its own key, and by others where it has none', () => {
  expect(keysOf({ tasks: [{ key: 'a', functionKey: 'f' }, { key: 'b' }] })).toEqual({ keys: ['a', 'b'], keyCount: 2 });
  expect(keysOf({ computeTaskKey: 't', identifier: 'model' })).toEqual({ keys: ['t'], keyCount: 1 });
  expect(keysOf({ keys: ['s', 't'], dataManagerKeys: ['m'] })).toEqual({ keys: ['s', 't'], keyCount: 2 });
});

it('long lists and long keys are cut, and counted', () => {
  const tasks = Array.from({ length: 5000 }, () => ({ key: 'k'.repeat(1000) }));
  const { keys, keyCount } = keysOf({ tasks });
  expect([keys.length, keyCount, keys[0]?.length]).toEqual([200, 5000, 64]);
  expect(keysOf(undefined)).toEqual({ keys: [], keyCount: 0 });
});
