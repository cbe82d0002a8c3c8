import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runCommandLine } from './command-line.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dev-ledger-spec-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

it('starts a ledger with its chaincodes, and says where everything is in one line', async () => {
  const args = [
    '--folder',
    folder,
    '--organizations',
    'AMSP,BMSP,CMSP',
    '--channels',
    'one',
    '--chaincode',
    'one/cc=127.0.0.1:1,127.0.0.1:2,127.0.0.1:3',
  ];
  const started = await runCommandLine(args);
  expect(started?.ready).toMatch(
    /^The development ledger is ready: AMSP at 127\.0\.0\.1:\d+, BMSP at .*, CMSP at .*; network file .*network\.yaml; package ids .*chaincodes\.json$/,
  );
  const ids = JSON.parse(await readFile(join(folder, 'chaincodes.json'), 'utf8')) as {
    mspid: string;
    address: string;
    packageId: string;
  }[];
  expect(ids.map(({ mspid, address }) => [mspid, address])).toEqual([
    ['AMSP', '127.0.0.1:1'],
    ['BMSP', '127.0.0.1:2'],
    ['CMSP', '127.0.0.1:3'],
  ]);
  expect(new Set(ids.map(({ packageId }) => packageId)).size).toBe(3);
  expect(started?.ledger.channel('CMSP', 'one')?.definition('cc')).toBeDefined();
  await started?.ledger[Symbol.asyncDispose]();
  // A folder of the caller's own stays.
  expect(await readFile(join(folder, 'network.yaml'), 'utf8')).toContain('AMSP');
});

it.each([
  ['an unknown option', ['--nope']],
  ['a chaincode without addresses', ['--chaincode', 'one/cc']],
  ['a time that is no number', ['--batch-timeout', 'soon']],
  ['an unknown state database', ['--state-database', 'oracle']],
])('refuses %s', async (_name, args) => {
  await expect(runCommandLine(args)).rejects.toThrow(CommanderError);
});
