import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { joinWrites } from './joined-writes.ts';

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url, pipeline: true });
  await client.connect();
  joinWrites(client);
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

it('holds the statements of a turn back until it ends, and answers all of them', async () => {
  const { stream } = client.connection;
  const answers = Promise.all([1, 2, 3].map((number) => client.query(`SELECT ${number} AS number`)));
  const held = stream.writableLength;
  await Promise.resolve();
  expect([held > 0, stream.writableCorked]).toEqual([true, 1]);
  const rows = (await answers).flatMap((answer) => answer.rows as readonly { readonly number: number }[]);
  expect(rows.map(({ number }) => number)).toEqual([1, 2, 3]);
  expect(stream.writableCorked).toBe(0);
});

it('lets go of much at once, and holds what comes behind it', async () => {
  const { stream } = client.connection;
  const uncork = vi.spyOn(stream, 'uncork');
  const answers = ['a', 'b'.repeat(100_000), 'c'].map((text) => {
    const before = uncork.mock.calls.length;
    const answer = client.query<{ length: number }>('SELECT length($1) AS length', [text]);
    return { answer, uncorked: uncork.mock.calls.length - before, corked: stream.writableCorked };
  });
  uncork.mockRestore();
  // pg itself lets go once in each query, which does nothing as long as we hold.
  expect(answers.map(({ uncorked, corked }) => [uncorked, corked])).toEqual([[1, 1], [2, 1], [1, 1]]);
  const rows = await Promise.all(answers.map(({ answer }) => answer));
  expect(rows.map((result) => result.rows[0]?.length)).toEqual([1, 100_000, 1]);
  expect(stream.writableCorked).toBe(0);
});

it('goes on after a turn', async () => {
  for (const number of [4, 5]) {
    const { rows } = await client.query<{ number: number }>('SELECT $1::int AS number', [number]);
    expect(rows).toEqual([{ number }]);
  }
});
