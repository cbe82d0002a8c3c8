import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import { QueryDataSamplesResponse } from '@orchestrator/lib';
import { buildNewDataSample, createRandom } from '@orchestrator/testing';
import { ServerProcess } from '@orchestrator/tools';
import { afterAll, describe, expect, it } from 'vitest';
import { SpecClient } from './spec-client.ts';

const BATCH = 2000;
const MAX_BATCHES = 200;
const TIMEOUT_MS = 180_000;

const folder = mkdtempSync(join(tmpdir(), 'orchestrator-full-disk-'));
const isMounted = mount('size=110m');

/** A disk of its own, small: only root can make one. */
function mount(options: string): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

afterAll(() => {
  if (isMounted) execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true, force: true });
});

/** Registers batches until the first refusal. */
async function fill(client: SpecClient): Promise<{ batches: number; refusal: ServiceError }> {
  const random = createRandom(1);
  for (let batches = 0; batches < MAX_BATCHES; batches += 1) {
    const samples = Array.from({ length: BATCH }, () => buildNewDataSample(random));
    try {
      await client.call('RegisterDataSamples', { samples });
    } catch (error) {
      return { batches, refusal: error as ServiceError };
    }
  }
  throw new Error('the disk never filled');
}

async function countSamples(client: SpecClient): Promise<number> {
  let count = 0;
  let pageToken = '';
  for (let page = 0; page < 1000; page += 1) {
    const answer = QueryDataSamplesResponse.decode(await client.call('QueryDataSamples', { pageToken, pageSize: 10_000 }));
    count += answer.dataSamples.length;
    pageToken = answer.nextPageToken;
    if (pageToken === '') return count;
  }
  throw new Error('the pages never end');
}

describe('a full disk under the embedded store', () => {
  it.skipIf(!isMounted)(
    'is UNAVAILABLE, writes nothing by halves, and ends without a restart (needs root, to mount a small disk)',
    async () => {
      await using server = await ServerProcess.start({ ORCHESTRATOR_DATA_DIR: join(folder, 'data') });
      using client = new SpecClient(server.grpcAddress);
      await client.call('RegisterOrganization', { address: '' });
      const { batches, refusal } = await fill(client);
      expect(refusal.code).toBe(status.UNAVAILABLE);
      expect(refusal.details).toMatch(/^the store is [a-z ,]+$/u);
      expect(batches).toBeGreaterThan(0);
      execFileSync('mount', ['-o', 'remount,size=400m', folder]);
      // The database may still be on its way through a restart.
      const count = (): Promise<number> => countSamples(client).catch(() => -1);
      await expect.poll(count, { timeout: 60_000, interval: 200 }).toBe(batches * BATCH);
      const isReady = async (): Promise<number> => (await fetch(`http://${server.httpAddress}/readyz`)).status;
      await expect.poll(isReady, { timeout: 60_000, interval: 200 }).toBe(200);
      await client.call('RegisterDataSamples', { samples: [buildNewDataSample(createRandom(2))] });
      expect(await countSamples(client)).toBe(batches * BATCH + 1);
    },
    TIMEOUT_MS,
  );
});
