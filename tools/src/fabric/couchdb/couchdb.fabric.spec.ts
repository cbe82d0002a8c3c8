import { type ProbeRun, runProbes } from '@orchestrator/dev-ledger/probes';
import { beforeAll, describe, expect, it } from 'vitest';
import { startFabricNetwork } from '../network.ts';

const RUN_TIMEOUT_MS = 10 * 60_000;

/** What a peer answers in another way when CouchDB is its state database. */
const ofCouchDb: ReadonlyMap<string, string> = new Map([
  ['key.empty', 'the empty key is refused'],
  ['key.underscore', 'keys that begin with an underscore are refused'],
  ['page.walk', 'the bookmark of the last page is the end key, and an empty page follows'],
  ['page.exact', 'the bookmark of the last page is the end key'],
  ['page.bookmarks', 'a bookmark beyond the range gives an empty page'],
  ['page.composite', 'the bookmark of the last page is the end key, with its zero bytes escaped'],
  ['scan.rich', 'rich queries are answered'],
]);

describe('peers with the stand-in for CouchDB', () => {
  let run: ProbeRun;

  beforeAll(async () => {
    await using network = await startFabricNetwork({ batchTimeoutMs: 50, stateDatabase: 'CouchDB' });
    run = await runProbes({ network, only: ['values', 'scans'] });
  }, RUN_TIMEOUT_MS);

  it('answer as those with LevelDB, but for what CouchDB is known for', () => {
    expect(run.records.size).toBe(71);
    expect([...run.differences.keys()].toSorted()).toEqual([...ofCouchDb.keys()].toSorted());
  });

  it('answer rich queries', () => {
    expect(run.records.get('scan.rich')?.outcome).toMatchObject({ submit: { commit: { successful: true } } });
  });

  it.each([...ofCouchDb])('%s: %s', (id) => {
    expect(run.records.get(id)?.outcome).not.toHaveProperty('driverFailure');
  });
});
