import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { findFabricBinaries } from './binaries.ts';

const programs = ['peer', 'orderer', 'cryptogen', 'configtxgen', 'osnadmin'];

/** A folder with executable files of these names. */
async function folderWith(names: readonly string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-binaries-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const name of names) {
    await writeFile(join(folder, name), '#!/bin/sh\n');
    await chmod(join(folder, name), 0o755);
  }
  return folder;
}

it('takes the folder of $FABRIC_BIN before all others', async () => {
  const [own, other] = [await folderWith(programs), await folderWith(programs)];
  expect(findFabricBinaries({ FABRIC_BIN: own, PATH: other })).toBe(own);
});

it('passes over a folder that lacks one of them, or has one that cannot be run', async () => {
  const [incomplete, unusable, whole] = [await folderWith(programs.slice(1)), await folderWith(programs), await folderWith(programs)];
  await chmod(join(unusable, 'osnadmin'), 0o644);
  const found = findFabricBinaries({ FABRIC_BIN: incomplete, PATH: [unusable, whole].join(delimiter) });
  expect([whole, '/opt/hyperledger/fabric/bin']).toContain(found);
});
