import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, type DatabaseTemplate, type Direction, TcpProxy, type TestDatabase } from '@orchestrator/tools';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refusalOf, within } from '../../spec-waiting.ts';
import { migrate } from './migrate.ts';
import { type Migration, readMigrations } from './migration-files.ts';
import { SchemaError } from './schema-error.ts';
import { Breakpoint, connect, contentOf, statementsOf } from './spec-support.ts';

const TIMEOUT_MS = 180_000;
const CATCH_LIMIT_MS = 30_000;

/** Rows that were there before: of a schema of this product, where there is one, and of others in the same database. */
const FOREIGN_ROWS = "CREATE TABLE others (word text PRIMARY KEY); INSERT INTO others VALUES ('kept')";
const OWN_ROWS = `
  INSERT INTO channels (name, position, instant) VALUES ('mychannel', 2, 17);
  INSERT INTO organizations (channel, id, created, asset) SELECT id, 'MyOrg1MSP', 17, '\\x0a01' FROM channels`;

const migrations = await readMigrations();
const stack = new AsyncDisposableStack();
/** The content of a database after all migrations that nobody disturbed, by the version at which its rows came. */
const undisturbed = new Map<number, readonly string[]>();

/** A folder with some migrations, which goes at the end. */
async function folderOf(files: readonly Pick<Migration, 'name' | 'sql'>[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-interrupted-'));
  stack.defer(() => rm(folder, { recursive: true }));
  for (const { name, sql } of files) await writeFile(join(folder, name), sql);
  return folder;
}

/** A database as the migration finds it: the earlier ones are applied, and there are rows. */
function createDatabase(version: number): Promise<TestDatabase> {
  const template: DatabaseTemplate = {
    name: `before migration ${version}`,
    migrate: async (url) => {
      await migrate(url, { directory: await folderOf(migrations.slice(0, version - 1)) });
      const client = await connect(url);
      await client.query(version > 1 ? `${FOREIGN_ROWS}; ${OWN_ROWS}` : FOREIGN_ROWS);
      await client.end();
    },
  };
  return createTestDatabase({ template });
}

async function withDatabase(version: number, work: (url: string, client: Client) => Promise<void>): Promise<void> {
  await using database = await createDatabase(version);
  const client = await connect(database.url);
  try {
    await work(database.url, client);
  } finally {
    await client.end();
  }
}

/** The migrations up to one, which stops before its statement of that index: behind the last one when there is none. */
function stoppingBefore({ version, serves, sql, name }: Migration, index: number): Promise<string> {
  const text = statementsOf(sql).toSpliced(index, 0, Breakpoint.statement).join(';\n');
  return folderOf([...migrations.slice(0, version - 1), { name, sql: `-- serves: ${serves}\n${text};\n` }]);
}

beforeAll(async () => {
  for (const { version } of migrations) {
    await withDatabase(version, async (url, client) => {
      await migrate(url);
      undisturbed.set(version, await contentOf(client));
    });
  }
}, TIMEOUT_MS);

afterAll(() => stack.disposeAsync());

/** Migrates again, as the next start would, and compares with what nobody disturbed. */
async function expectResumed(url: string, { version, client }: { readonly version: number; readonly client: Client }): Promise<void> {
  await migrate(url);
  expect(await contentOf(client)).toEqual(undisturbed.get(version));
}

const points = migrations.flatMap((migration) =>
  [...statementsOf(migration.sql), 'COMMIT'].map((statement, index) => {
    const [words = ''] = statement.split('\n');
    return { migration, index, name: migration.name, words: words.slice(0, 60) };
  }),
);

describe('a migration that is interrupted', { timeout: TIMEOUT_MS }, () => {
  it.concurrent.each(points)('before statement $index of $name leaves nothing, and the next try does all: $words', async ({ migration, index }) => {
    const directory = await stoppingBefore(migration, index);
    const { version } = migration;
    await withDatabase(version, async (url, client) => {
      // The history of migrations itself is made before all others.
      await migrate(url, { directory: await folderOf(migrations.slice(0, version - 1)) });
      const before = await contentOf(client);
      const breakpoint = await Breakpoint.set(client);

      const killed = refusalOf(migrate(url, { directory }));
      await breakpoint.terminate();
      expect(await killed).toBeInstanceOf(SchemaError);
      expect(String(await killed)).toContain('failed and was taken back');
      expect(await contentOf(client)).toEqual(before);

      await using proxy = await TcpProxy.start(url);
      const cut = refusalOf(migrate(proxy.url, { directory }));
      await breakpoint.reached();
      proxy.cut();
      expect(await cut).toBeInstanceOf(SchemaError);
      // The backend has not noticed yet, and goes on: the next try waits for its end.
      await breakpoint.release();
      await expectResumed(url, { version, client });
    });
  });
});

interface Cut {
  readonly direction: Direction;
  readonly containing: string;
  /** Whether the migration is there all the same. */
  readonly isApplied: boolean;
}

/** What crosses the connection when a migration runs: lost before the database gets it, or before its answer comes back. */
const cuts: readonly Cut[] = [
  { direction: 'up', containing: 'pg_advisory_lock', isApplied: false },
  { direction: 'up', containing: 'CREATE TABLE IF NOT EXISTS schema_migrations', isApplied: false },
  { direction: 'up', containing: 'SELECT version, name', isApplied: false },
  { direction: 'up', containing: 'BEGIN', isApplied: false },
  { direction: 'down', containing: 'BEGIN', isApplied: false },
  { direction: 'up', containing: '-- serves', isApplied: false },
  { direction: 'down', containing: 'CREATE TABLE', isApplied: false },
  { direction: 'up', containing: 'INSERT INTO schema_migrations', isApplied: false },
  { direction: 'down', containing: 'INSERT 0 1', isApplied: false },
  { direction: 'up', containing: 'COMMIT', isApplied: false },
  { direction: 'down', containing: 'COMMIT', isApplied: true },
];

const NEWEST = migrations.length;

describe('a migration whose connection is lost', { timeout: TIMEOUT_MS }, () => {
  it.concurrent.each(cuts)('at "$containing" on its way $direction: the next try does what is left', async ({ direction, containing, isApplied }) => {
    await withDatabase(NEWEST, async (url, client) => {
      await using proxy = await TcpProxy.start(url);
      const caught = proxy.hold({ direction, containing });
      const refusal = refusalOf(migrate(proxy.url));
      await within(caught, CATCH_LIMIT_MS, containing);
      proxy.cut();
      expect(await refusal).toBeInstanceOf(Error);
      const isCommit = containing === 'COMMIT';
      if (isCommit) expect(String(await refusal)).toContain('was applied is not known, and the next try finds out');
      else expect(String(await refusal)).not.toContain('is not known');
      expect(await migrate(url)).toEqual(isApplied ? [] : [migrations.at(-1)?.name]);
      expect(await contentOf(client)).toEqual(undisturbed.get(NEWEST));
    });
  });
});

it('is found whole by who waited for the one that was killed', { timeout: TIMEOUT_MS }, async () => {
  const [first] = migrations;
  if (first === undefined) throw new Error('there is no migration');
  const directory = await stoppingBefore(first, 3);
  await withDatabase(1, async (url, client) => {
    const breakpoint = await Breakpoint.set(client);
    const killed = refusalOf(migrate(url, { directory }));
    await breakpoint.reached();
    const waiting = Promise.all([migrate(url), migrate(url)]);
    await breakpoint.terminate();
    expect(await killed).toBeInstanceOf(SchemaError);
    expect((await waiting).flat()).toEqual(migrations.map(({ name }) => name));
    expect(await contentOf(client)).toEqual(undisturbed.get(1));
  });
});

it('knows the statements of a file', () => {
  const sql = "-- a; b\nCREATE TABLE a (b text DEFAULT 'x;y''z');\n/* c; */ DO $x$ BEGIN; END; $x$; -- d\nSELECT 1 - 2, \"e;f\"\n";
  expect(statementsOf(sql)).toEqual(["CREATE TABLE a (b text DEFAULT 'x;y''z')", 'DO $x$ BEGIN; END; $x$', 'SELECT 1 - 2, "e;f"']);
});
