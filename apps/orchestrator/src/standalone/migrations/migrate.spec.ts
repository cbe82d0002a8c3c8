import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import type { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../../spec-waiting.ts';
import { checkSchema, migrate, MIGRATION_LOCK_KEY } from './migrate.ts';
import { MIGRATIONS_DIRECTORY, readMigrations } from './migration-files.ts';
import { SchemaError } from './schema-error.ts';
import { connect } from './spec-support.ts';

let testDatabase: TestDatabase;
let database: string;
let client: Client;
let directory: string;

beforeEach(async () => {
  testDatabase = await createTestDatabase();
  database = testDatabase.url;
  client = await connect(database);
  directory = await mkdtemp(join(tmpdir(), 'orchestrator-migrations-'));
});
afterEach(async () => {
  await client.end();
  await testDatabase[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

async function writeMigration(name: string, sql: string, serves = 1): Promise<void> {
  await writeFile(join(directory, name), `-- serves: ${serves}\n${sql}\n`);
}

async function tables(): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
  );
  return rows.map(({ name }) => name);
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SchemaError)) throw new Error('was not refused with a SchemaError', { cause: error });
  return error.message;
}

describe('migrate', () => {
  it('makes the schema of this server, once', async () => {
    const names = (await readdir(MIGRATIONS_DIRECTORY)).filter((name) => name.endsWith('.sql')).toSorted();
    expect(await migrate(database)).toEqual(names);
    expect(await tables()).toEqual(expect.arrayContaining(['channels', 'compute_tasks', 'events', 'replays']));
    expect(await migrate(client)).toEqual([]);
    await checkSchema(client);
  });

  it('records version, name, checksum and what the schema serves', async () => {
    await writeMigration('0001_one.sql', 'CREATE TABLE one ()');
    await writeMigration('0002_two.sql', 'CREATE TABLE two ()', 2);
    expect(await migrate(database, { directory })).toEqual(['0001_one.sql', '0002_two.sql']);
    const { rows } = await client.query('SELECT version, name, serves, checksum FROM schema_migrations ORDER BY version');
    const [, two] = await readMigrations(directory);
    expect(rows).toMatchObject([
      { version: 1, name: '0001_one.sql', serves: 1 },
      { version: 2, name: '0002_two.sql', serves: 2, checksum: two?.checksum },
    ]);
  });

  it('lets five installers of one database take turns', async () => {
    // Without a lock they would all create the same tables.
    await writeMigration('0001_one.sql', 'CREATE TABLE one (); SELECT pg_sleep(0.05);');
    await writeMigration('0002_two.sql', 'CREATE TABLE two (); SELECT pg_sleep(0.05);');
    const applied = await Promise.all(Array.from({ length: 5 }, () => migrate(database, { directory })));
    expect(applied.flat()).toEqual(['0001_one.sql', '0002_two.sql']);
    expect(await tables()).toEqual(['one', 'schema_migrations', 'two']);
  });

  it('leaves nothing of a failing migration, and goes on when it is mended', async () => {
    await writeMigration('0001_one.sql', 'CREATE TABLE one ()');
    await writeMigration('0002_two.sql', 'CREATE TABLE two (); INSERT INTO nowhere VALUES (1);');
    const message = await refusal(migrate(client, { directory }));
    expect(message).toBe('migration 0002_two.sql failed and was taken back: relation "nowhere" does not exist');
    expect(await tables()).toEqual(['one', 'schema_migrations']);
    await writeMigration('0002_two.sql', 'CREATE TABLE two ()');
    // From another session: the first one must have given the lock back.
    expect(await migrate(database, { directory, lockTimeoutMs: 1000 })).toEqual(['0002_two.sql']);
    expect(await tables()).toEqual(['one', 'schema_migrations', 'two']);
  });

  it('leaves nothing of a migration whose installer was cut off', async () => {
    await writeMigration('0001_one.sql', 'CREATE TABLE one (); SELECT pg_sleep(60);');
    const installer = await connect(database);
    const { rows } = await installer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const cutOff = refusal(migrate(installer, { directory }));
    await sleeping(rows[0]?.pid);
    await client.query('SELECT pg_terminate_backend($1)', [rows[0]?.pid]);
    expect(await cutOff).toContain('0001_one.sql');
    expect(await tables()).toEqual(['schema_migrations']);
    await writeMigration('0001_one.sql', 'CREATE TABLE one ()');
    expect(await migrate(database, { directory })).toEqual(['0001_one.sql']);
  });

  it('does not wait for ever for another installer', async () => {
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
    const message = await refusal(migrate(database, { directory, lockTimeoutMs: 50 }));
    expect(message).toBe('another migration of this database is under way: try again when it is done');
  });

  it('gives the session its time limits back', async () => {
    const session = await connect(database, { lock_timeout: 3000, statement_timeout: 4000 });
    await migrate(session, { directory });
    const limits = await session.query<{ setting: string }>(
      "SELECT setting FROM pg_settings WHERE name IN ('lock_timeout', 'statement_timeout') ORDER BY name",
    );
    await session.end();
    expect(limits.rows.map(({ setting }) => setting)).toEqual(['3000', '4000']);
  });

  it('refuses a file that was changed after it was applied', async () => {
    await writeMigration('0001_one.sql', 'CREATE TABLE one ()');
    await migrate(database, { directory });
    await writeMigration('0001_one.sql', 'CREATE TABLE one (id int)');
    await writeMigration('0002_two.sql', 'CREATE TABLE two ()');
    expect(await refusal(migrate(database, { directory }))).toContain('0001_one.sql is not what was applied');
    expect(await tables()).toEqual(['one', 'schema_migrations']);
  });

  it('refuses the schema of a newer server that no longer serves this one', async () => {
    await writeMigration('0001_one.sql', '');
    await writeMigration('0002_two.sql', '', 2);
    await migrate(database, { directory });
    await rm(join(directory, '0002_two.sql'));
    await expect(migrate(database, { directory })).rejects.toThrow('use a newer server');
  });
  it('leaves the schema of a newer server alone', async () => {
    await writeMigration('0001_one.sql', 'CREATE TABLE one ()');
    await writeMigration('0002_two.sql', 'CREATE TABLE two ()');
    await migrate(database, { directory });
    await rm(join(directory, '0002_two.sql'));
    expect(await migrate(database, { directory })).toEqual([]);
  });
});

function sleeping(pid: number | undefined): Promise<void> {
  return until('a migration that sleeps', async () => {
    const { rowCount } = await client.query("SELECT FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'", [pid]);
    return rowCount === 1;
  });
}

describe('checkSchema', () => {
  it('refuses a database without schema', async () => {
    await writeMigration('0001_one.sql', '');
    expect(await refusal(checkSchema(client, directory))).toBe(
      'the database has no schema yet: run "orchestrator migrate" on it',
    );
  });

  it('refuses a schema older than the server needs', async () => {
    await writeMigration('0001_one.sql', '');
    await migrate(client, { directory });
    await writeMigration('0002_two.sql', '');
    expect(await refusal(checkSchema(client, directory))).toBe(
      'the database\'s schema has version 1 and this server needs 2: run "orchestrator migrate" of this server first',
    );
  });

  it('takes a newer schema as long as it serves this server', async () => {
    await writeMigration('0001_one.sql', '');
    await writeMigration('0002_two.sql', '', 1);
    await migrate(client, { directory });
    await rm(join(directory, '0002_two.sql'));
    await expect(checkSchema(client, directory)).resolves.toBeUndefined();
  });

  it('refuses a newer schema that no longer serves this server', async () => {
    await writeMigration('0001_one.sql', '');
    await writeMigration('0002_two.sql', '', 2);
    await migrate(client, { directory });
    await rm(join(directory, '0002_two.sql'));
    expect(await refusal(checkSchema(client, directory))).toBe(
      "the database's schema has version 2, which serves servers from 2 on, and this server is of 1: use a newer server",
    );
  });
});
