import pg from 'pg';
import { expect, it } from 'vitest';
import { createTestDatabase } from './index.ts';

async function namesIn(url: string, sql: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string }>(sql);
    return rows.map(({ name }) => name);
  } finally {
    await client.end();
  }
}

const tables = `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`;

it('makes an empty database of its own and drops it', async () => {
  await using kept = await createTestDatabase();
  const dropped = await createTestDatabase();
  expect(await namesIn(dropped.url, tables)).toEqual([]);
  await dropped[Symbol.asyncDispose]();

  const names = await namesIn(kept.url, 'SELECT datname AS name FROM pg_database');
  expect(names).toContain(kept.name);
  expect(names).not.toContain(dropped.name);
});

it('fills a template once, even when several ask at the same time', async () => {
  let runs = 0;
  const template = {
    name: 'one table',
    migrate: async (url: string) => {
      runs += 1;
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query('CREATE TABLE made_once (id int)');
      await client.end();
    },
  };
  const databases = await Promise.all([1, 2, 3].map(() => createTestDatabase({ template })));
  for (const database of databases) {
    expect(await namesIn(database.url, tables)).toEqual(['made_once']);
    await database[Symbol.asyncDispose]();
  }
  expect(runs).toBe(1);
});
