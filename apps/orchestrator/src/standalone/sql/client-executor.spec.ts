import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { booleanArray, byteaArray, integerArray, uuidArray } from './arrays.ts';
import { ClientExecutor, PoolExecutor } from './client-executor.ts';
import type { Statement } from './executor.ts';

const BEGIN: Statement = { name: 'begin', text: 'BEGIN' };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT' };
const ADD: Statement = { name: 'add', text: 'INSERT INTO things (id) VALUES ($1)' };
const FAIL: Statement = { name: 'fail', text: 'SELECT 1 / $1::int' };
const COUNT: Statement = { name: 'count', text: 'SELECT count(*) FROM things' };

const TYPES: Statement = {
  name: 'types',
  text: `SELECT 9007199254740993::bigint, -7::smallint, 8::integer, '\\x00ff'::bytea, true, false, NULL::bytea, 'text',
    'c7a1e7e0-0000-4000-8000-000000000001'::uuid`,
};

const ARRAYS: Statement = {
  name: 'arrays',
  text: 'SELECT a, b, c, d FROM unnest($1::uuid[], $2::bigint[], $3::boolean[], $4::bytea[]) AS new (a, b, c, d)',
};

let database: TestDatabase;
let client: Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url, pipeline: true });
  await client.connect();
  await client.query('CREATE TABLE things (id int PRIMARY KEY)');
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

it('returns values that lose nothing', async () => {
  const rows = await new ClientExecutor(client).query(TYPES, []);
  const key = 'c7a1e7e0-0000-4000-8000-000000000001';
  expect(rows).toEqual([[9007199254740993n, -7, 8, Uint8Array.of(0, 255), true, false, null, 'text', key]]);
  expect(Buffer.isBuffer(rows[0]?.[3])).toBe(false);
});

it('runs statements in their order, the sent ones too', async () => {
  const sql = new ClientExecutor(client);
  sql.send(BEGIN, []);
  sql.send(ADD, [1]);
  const first = sql.query(COUNT, []);
  sql.send(ADD, [2]);
  expect(await Promise.all([first, sql.query(COUNT, [])])).toEqual([[[1n]], [[2n]]]);
  await sql.query({ name: 'rollback', text: 'ROLLBACK' }, []);
  await sql.flush();
  expect(sql.failure).toBeUndefined();
  expect(sql.statementCount).toBe(6);
});

it('tells of the first failure of a sent statement, whatever is asked later', async () => {
  const sql = new ClientExecutor(client);
  sql.send(BEGIN, []);
  sql.send(FAIL, [0]);
  sql.send(ADD, [1]);
  // By itself this one would say that the transaction is aborted.
  await expect(sql.query(COUNT, [])).rejects.toThrow('division by zero');
  // PostgreSQL rolls back here, and says nothing of it.
  await sql.query(COMMIT, []);
  await expect(sql.flush()).rejects.toThrow('division by zero');
  expect(sql.failure).toMatchObject({ code: '22012' });
  expect(await new ClientExecutor(client).query(COUNT, [])).toEqual([[0n]]);
});

it('tells of the failure of a query to who asked', async () => {
  const sql = new ClientExecutor(client);
  await expect(sql.query(FAIL, [0])).rejects.toThrow('division by zero');
  await sql.flush();
  expect(sql.failure).toBeUndefined();
});

it('takes arrays as columns', async () => {
  const keys = ['c7a1e7e0-0000-4000-8000-000000000001', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
  const bytes = [new Uint8Array(), Uint8Array.from({ length: 300 }, (_, index) => index % 256)];
  const columns = [uuidArray(keys), integerArray([-1, 2n ** 63n - 1n]), booleanArray([true, false]), byteaArray(bytes)];
  expect(await new ClientExecutor(client).query(ARRAYS, columns)).toEqual([
    [keys[0], -1n, true, bytes[0]],
    [keys[1], 2n ** 63n - 1n, false, bytes[1]],
  ]);
});

it('takes empty arrays', async () => {
  const columns = [uuidArray([]), integerArray([]), booleanArray([]), byteaArray([])];
  expect(await new ClientExecutor(client).query(ARRAYS, columns)).toEqual([]);
});

it('reads on any session of a pool, and refuses to write there', async () => {
  const pool = new Pool({ connectionString: database.url, pipeline: true });
  // The pool is done before its connections are: they may still hear of the end of their database.
  pool.on('error', () => undefined);
  const sql = new PoolExecutor(pool);
  expect(await Promise.all([sql.query(COUNT, []), sql.query(COUNT, [])])).toEqual([[[0n]], [[0n]]]);
  expect(() => sql.send(ADD)).toThrow('add writes outside of a transaction');
  await pool.end();
});
