import { randomUUID } from 'node:crypto';
import type { Addressable } from '@orchestrator/lib';
import { all, assert, refuses } from '../assert.ts';
import { address, checksum, mapOf, newKey } from '../assets.ts';
import { scenario } from '../scenario.ts';
import { requestRules } from './validation-rules.ts';

const badKeys = ['', 'no uuid', newKey().toUpperCase(), newKey().replaceAll('-', ''), `{${newKey()}}`, `${newKey()} `];
const goodKeys = ['0', '1', '7', '9', 'f'].map((version) => randomUUID().replace(/-4/, `-${version}`));
const badNames = ['', 'n'.repeat(101), 'é'.repeat(51)];
const goodNames = ['n'.repeat(100), 'é'.repeat(50), ' spaces and\nlines ', '名前'];
const badChecksums = ['', 'a'.repeat(63), 'a'.repeat(65), `${'a'.repeat(63)}g`];
const badUrls = [
  '',
  '/objects/1',
  'objects',
  'host/objects',
  'HTTP://example.org/1',
  'file:///objects/1',
  's3://bucket/1',
  'http://',
  'http://exa mple.org/1',
  'http://example.org/a b',
  `https://example.org/${'a'.repeat(181)}`,
];
const goodUrls = [
  'http://example.org/1',
  'https://example.org:8080/a/b?c=d',
  'ftp://example.org/1',
  'ws://example.org/1',
  'wss://example.org/1',
  'tcp://example.org:1/1',
  'udp://example.org:1/1',
  'http://backend-org-1.org-1:8000/function/1/file/',
  'http://my_host/1',
  'http://localhost/1',
  'http://127.0.0.1:9000/1',
  'example.org/1',
  'host:8000/1',
  `https://example.org/${'a'.repeat(180)}`,
];
const badMetadata = [mapOf({ ['k'.repeat(101)]: 'v' }), mapOf({ k: 'v'.repeat(101) }), mapOf({ k: 'é'.repeat(51) })];
const goodMetadata = [mapOf({ ['k'.repeat(100)]: 'v'.repeat(100), __tag__: '' }), mapOf({ k: 'é'.repeat(50) })];

const badAddressables: (Addressable | undefined)[] = [
  undefined,
  ...badChecksums.map((wrong) => ({ ...address(), checksum: wrong })),
  ...badUrls.map((storageAddress) => ({ ...address(), storageAddress })),
];
const goodAddressables = [
  { ...address(), checksum: checksum().toUpperCase() },
  ...goodUrls.map((storageAddress) => ({ ...address(), storageAddress })),
];

/** Which values each kind of field must refuse and take. */
const values: Readonly<Record<string, { readonly bad: readonly unknown[]; readonly good: readonly unknown[] }>> = {
  key: { bad: badKeys, good: goodKeys },
  name: { bad: badNames, good: goodNames },
  tag: { bad: ['t'.repeat(101), 'é'.repeat(51)], good: ['', 't'.repeat(100)] },
  metadata: { bad: badMetadata, good: goodMetadata },
  addressable: { bad: badAddressables, good: goodAddressables },
  checksum: { bad: badChecksums, good: [checksum().toUpperCase()] },
  required: { bad: [undefined], good: [{ public: false, authorizedIds: [] }] },
};

export const validation = [
  ...requestRules.map((rule) =>
    scenario(`${rule.name}: every rule of its fields`, async ({ org1 }) => {
      const bad = Object.entries(rule.fields).flatMap(([field, kind]) =>
        (values[kind]?.bad ?? []).map((value) => [`${field} ${show(value)}`, rule.request(field, value)] as const),
      );
      const further = Object.entries(rule.bad ?? {}).map(([name, make]) => [name, make()] as const);
      await all([...bad, ...further], (request) => refuses(org1.call(rule.method, request as never), 'InvalidAsset'));
    }),
  ),
  ...requestRules
    .filter(({ registers }) => registers !== undefined)
    .map((rule) =>
      scenario(`${rule.name}: takes what its rules allow`, async ({ org1 }) => {
        const good = Object.entries(rule.fields).flatMap(([field, kind]) =>
          (values[kind]?.good ?? []).map((value) => [`${field} ${show(value)}`, rule.request(field, value)] as const),
        );
        const further = Object.entries(rule.good ?? {}).map(([name, make]) => [name, make()] as const);
        await all([...good, ...further], async (request) => {
          await org1.call(rule.method, request as never);
        });
      }),
    ),
  scenario('a refused registration leaves nothing behind', async ({ org1 }) => {
    for (const rule of requestRules) {
      if (rule.registers === undefined) continue;
      const request = rule.request('', '') as { readonly key: string };
      await refuses(org1.call(rule.method, { ...request, ...rule.spoil } as never), 'InvalidAsset');
      await refuses(org1.call(rule.registers, { key: request.key }), 'NotFound');
      const { events } = await org1.call('QueryEvents', { filter: { assetKey: request.key } });
      assert.deepEqual(events, []);
    }
  }),
  scenario('a refusal names each bad field', async ({ org1 }) => {
    const call = org1.call('RegisterPlan', { key: 'wrong', name: '', tag: 't'.repeat(101) });
    await refuses(call, 'InvalidAsset', /(?=.*\bkey\b)(?=.*\bname\b)(?=.*\btag\b)/s);
  }),
];

function show(value: unknown): string {
  return JSON.stringify(value instanceof Map ? [...value] : value)?.slice(0, 80) ?? 'missing';
}
