import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RecordingLog } from '../log/spec-support.ts';
import { ClientAuthorities } from './client-authorities.ts';
import { issueAuthority, newAuthority, toPem } from '../config/spec-support.ts';
import type { Authority } from '../config/spec-support.ts';

let dir = '';
const log = new RecordingLog();

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'orchestrator-authorities-'));
  log.entries.length = 0;
});

afterEach(() => rmSync(dir, { recursive: true }));

function install(mspid: string, ...authorities: readonly Authority[]): string {
  mkdirSync(join(dir, mspid), { recursive: true });
  const path = join(dir, mspid, 'ca.crt');
  writeFileSync(path, toPem(...authorities));
  return path;
}

test('the same CA under two organizations is told', async () => {
  const root = await newAuthority('CN=Shared');
  const other = await newAuthority('CN=Other');
  install('MyOrg1MSP', root);
  install('MyOrg2MSP', root, other);
  install('MyOrg3MSP', await newAuthority('CN=Own'));
  await using authorities = await ClientAuthorities.open({ dir, log });
  expect(authorities.of('MyOrg2MSP')).toHaveLength(2);
  expect(log.messages('warn')).toEqual([
    'the CA "CN=Shared" is in the folders of MyOrg1MSP and MyOrg2MSP: it can speak for each of them',
  ]);
});

test('an organization without a root is told', async () => {
  const root = await newAuthority('CN=Root');
  install('MyOrg1MSP', await issueAuthority('CN=Department', { signer: root }));
  await using authorities = await ClientAuthorities.open({ dir, log });
  expect(authorities.of('MyOrg1MSP')).toHaveLength(1);
  expect(log.messages('warn')).toEqual([expect.stringMatching(/^MyOrg1MSP has intermediate CA certificates and no root/)]);
});

test('files that cannot be read are told, and the others are used', async () => {
  const path = install('MyOrg1MSP', await newAuthority('CN=Root'));
  symlinkSync('nowhere', join(dir, 'MyOrg1MSP', 'dangling.crt'));
  writeFileSync(join(dir, 'MyOrg1MSP', 'huge.crt'), '');
  truncateSync(join(dir, 'MyOrg1MSP', 'huge.crt'), 2 ** 30);
  mkdirSync(join(dir, 'MyOrg1MSP', 'folder'));
  symlinkSync('nowhere', join(dir, 'MyOrg2MSP'));
  chmodSync(path, 0o400);
  await using authorities = await ClientAuthorities.open({ dir, log });
  expect(authorities.of('MyOrg1MSP')).toHaveLength(1);
  expect(log.messages('warn')).toEqual([
    expect.stringMatching(/dangling\.crt cannot be read: .*ENOENT.*: it is left out/),
    expect.stringMatching(/huge\.crt is too large for a certificate: it is left out/),
    expect.stringMatching(/MyOrg2MSP cannot be read: .*ENOENT.*: it is left out/),
  ]);
});

test('without any CA certificate there is no start', async () => {
  mkdirSync(join(dir, 'MyOrg1MSP'));
  await expect(ClientAuthorities.open({ dir, log })).rejects.toThrow('there is no CA certificate in');
});
