import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ensureIndexes } from './ensure-indexes.ts';
import { readSettings } from './settings.ts';
import type { Variables } from './settings.ts';
import { FakeCouchDb } from './spec-support.ts';

const run = promisify(execFile);
const main = join(import.meta.dirname, 'main.ts');

let couchDb: FakeCouchDb;
let lines: string[];
beforeEach(async () => {
  couchDb = await FakeCouchDb.start();
  lines = [];
});
afterEach(() => couchDb[Symbol.asyncDispose]());

function variables(changes: Variables = {}): Variables {
  return {
    COUCHDB_INSTANCE: couchDb.instance,
    COUCHDB_USER: 'admin',
    COUCHDB_PASSWORD: 'secret',
    CHAINCODE_NAME: 'mycc',
    CHANNELS: 'mychannel,yourchannel',
    COUCHDB_TIMEOUT: '3',
    ...changes,
  };
}

function ensure(changes?: Variables): Promise<void> {
  return ensureIndexes(readSettings(variables(changes)), {
    say: (line) => lines.push(line),
    sleep: () => Promise.resolve(),
    signal: new AbortController().signal,
  });
}

describe('ensureIndexes', () => {
  it('makes the databases and their indexes, and finds them the next time', async () => {
    await ensure();
    expect([...couchDb.databases.keys()]).toEqual(['mychannel_mycc', 'yourchannel_mycc']);
    for (const database of couchDb.databases.values()) {
      expect([...database.values()]).toEqual([
        { ddoc: 'ix_doc_type', name: 'ix_doc_type', fields: ['doc_type'] },
        { ddoc: 'ix_event_ts', name: 'ix_event_ts', fields: ['doc_type', 'asset.timestamp', 'asset.id'] },
      ]);
    }
    lines = [];
    await ensure();
    expect(lines).toEqual(['mychannel', 'yourchannel'].flatMap((channel) => [`${channel}_mycc: ix_doc_type is there`, `${channel}_mycc: ix_event_ts is there`]));
  });

  it("takes over a peer's database, and writes upper case as Fabric does", async () => {
    couchDb.databases.set('mychannel_my$c$c', new Map());
    await ensure({ CHAINCODE_NAME: 'myCC', CHANNELS: 'mychannel' });
    expect([...couchDb.databases.keys()]).toEqual(['mychannel_my$c$c']);
    expect(couchDb.databases.get('mychannel_my$c$c')?.size).toBe(2);
  });

  it('waits for a CouchDB that is not ready yet', async () => {
    couchDb.faults.push(503, 500);
    await ensure({ CHANNELS: 'mychannel' });
    expect(lines.filter((line) => line.startsWith('waiting for CouchDB'))).toHaveLength(2);
    expect(couchDb.databases.get('mychannel_mycc')?.size).toBe(2);
  });

  it('gives up when the time is over', async () => {
    couchDb.faults.push(503, 503, 503, 503, 503);
    await expect(ensure()).rejects.toThrow('mychannel_mycc cannot be made: 503 a fault of the test');
    expect(couchDb.requests).toBe(4);
  });

  it('says who does not answer', async () => {
    await expect(ensure({ COUCHDB_INSTANCE: '127.0.0.1:1', COUCHDB_TIMEOUT: '0' })).rejects.toThrow(/^no answer from http:\/\/127\.0\.0\.1:1 \(/);
  });

  it('does not wait when it is refused', async () => {
    await expect(ensure({ COUCHDB_PASSWORD: 'wrong' })).rejects.toThrow('401 Name or password is incorrect.');
    expect(couchDb.requests).toBe(1);
  });

  it('fails when an index is not there afterwards', async () => {
    couchDb.forgetful = true;
    await expect(ensure()).rejects.toThrow('mychannel_mycc: the index ix_doc_type is not there after it was made');
  });
});

describe('the program', () => {
  it('ends with 0 after its work', async () => {
    const { stdout } = await run(process.execPath, [main], { env: variables() as NodeJS.ProcessEnv, timeout: 20_000 });
    expect(stdout).toContain('yourchannel_mycc: ix_event_ts made\n');
  });

  it('ends with 2 and all problems of its environment', async () => {
    const failure: unknown = await run(process.execPath, [main], { env: { CHANNELS: 'Big, ' }, timeout: 20_000 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 2 });
    expect((failure as { stderr: string }).stderr).toMatch(/COUCHDB_INSTANCE is missing.*COUCHDB_USER is missing.*COUCHDB_PASSWORD is missing.*CHAINCODE_NAME is missing.*CHANNELS has "Big"/s);
  });

  it('ends with 1 and one sentence when it cannot do its work', async () => {
    const env = variables({ COUCHDB_PASSWORD: 'wrong' }) as NodeJS.ProcessEnv;
    const failure: unknown = await run(process.execPath, [main], { env, timeout: 20_000 }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: 'chaincode-init: the database mychannel_mycc cannot be made: 401 Name or password is incorrect.\n' });
  });
});

describe('readSettings', () => {
  it.each([
    ['http://couchdb:5984/', 'http://couchdb:5984'],
    ['couchdb:5984', 'http://couchdb:5984'],
    ['https://couchdb.example/prefix', 'https://couchdb.example/prefix'],
  ])('understands %s', (instance, url) => {
    expect(readSettings(variables({ COUCHDB_INSTANCE: instance })).url).toBe(url);
  });

  it.each([
    [{ COUCHDB_INSTANCE: 'ftp://couchdb' }, 'COUCHDB_INSTANCE should be'],
    [{ COUCHDB_INSTANCE: 'http://user:password@couchdb' }, 'without a user'],
    [{ CHAINCODE_NAME: '_lifecycle' }, 'CHAINCODE_NAME has "_lifecycle"'],
    [{ CHANNELS: 'a,b/c' }, 'CHANNELS has "b/c"'],
    [{ CHANNELS: ' , ' }, 'CHANNELS names no channel'],
    [{ COUCHDB_TIMEOUT: '1m' }, 'COUCHDB_TIMEOUT should be whole seconds'],
  ])('refuses %o', (changes, message) => {
    expect(() => readSettings(variables(changes))).toThrow(message);
  });
});
