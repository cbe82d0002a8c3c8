import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BinaryClient, RowSplitter } from './binary-rows.ts';
import { ClientExecutor } from './client-executor.ts';
import type { Statement } from './executor.ts';

const COLUMNS = `-9007199254740993::bigint, -7::smallint, 8::integer, '\\x00ff'::bytea, ''::bytea, true, false, NULL::bytea,
  'tëxt'::text, 'c7a1e7e0-0000-4000-8000-000000000001'::uuid`;

const AS_TEXT: Statement = { name: 'as_text', text: `SELECT ${COLUMNS}` };
const AS_BINARY: Statement = { name: 'as_binary', text: AS_TEXT.text, isBinary: true };
const NO_ROWS: Statement = { name: 'no_rows', text: 'SELECT 1 WHERE false', isBinary: true };
const TIME: Statement = { name: 'time', text: 'SELECT now()', isBinary: true };
const FAILING: Statement = { name: 'failing', text: 'SELECT 1 / (3 - n) FROM generate_series(1, 5) AS n', isBinary: true };

/** Rows of all sizes, up to many times what a socket hands over at once. */
const SIZES: Statement = {
  name: 'sizes',
  text: `SELECT n, convert_to(repeat(chr(65 + n), n * n * n * 10), 'UTF8') FROM generate_series(1, $1::int4) AS n`,
  isBinary: true,
};

let database: TestDatabase;
let client: BinaryClient;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new BinaryClient({ connectionString: database.url, pipeline: true });
  await client.connect();
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

describe('a session that reads binary rows', () => {
  it('returns the same values in either form', async () => {
    const sql = new ClientExecutor(client);
    const key = 'c7a1e7e0-0000-4000-8000-000000000001';
    const bytes = [Uint8Array.of(0, 255), Uint8Array.of()];
    const values = [-9007199254740993n, -7, 8, ...bytes, true, false, null, 'tëxt', key];
    expect(await sql.query(AS_BINARY, [])).toEqual([values]);
    expect(await sql.query(AS_TEXT, [])).toEqual([values]);
    expect(Buffer.isBuffer((await sql.query(AS_BINARY, []))[0]?.[3])).toBe(false);
  });

  it('keeps the order of statements of both forms that are on their way together', async () => {
    const sql = new ClientExecutor(client);
    const statements = Array.from({ length: 30 }, (_, index) => [AS_TEXT, AS_BINARY, NO_ROWS][index % 3] ?? NO_ROWS);
    const answers = await Promise.all(statements.map((statement) => sql.query(statement, [])));
    expect(answers.map(({ length }) => length)).toEqual(statements.map((statement) => (statement === NO_ROWS ? 0 : 1)));
    expect(new Set(answers.flat().map(([first]) => first))).toEqual(new Set([-9007199254740993n]));
  });

  it('reads rows that come in many pieces, and all of a piece', async () => {
    const rows = await new ClientExecutor(client).query(SIZES, [40]);
    expect(rows).toHaveLength(40);
    for (const [number, bytes] of rows) {
      const n = Number(number);
      expect(Buffer.compare(bytes as Uint8Array, Buffer.alloc(n ** 3 * 10, 65 + n))).toBe(0);
    }
  });

  it('tells of a failure behind the first rows, and goes on', async () => {
    const sql = new ClientExecutor(client);
    const failing = sql.query(FAILING, []);
    const next = sql.query(AS_BINARY, []);
    await expect(failing).rejects.toThrow('division by zero');
    expect(await next).toHaveLength(1);
  });

  it('refuses a type that is only read as text', async () => {
    await expect(new ClientExecutor(client).query(TIME, [])).rejects.toThrow('oid 1184 are read as text only');
  });
});

it('refuses a session that makes text of everything', async () => {
  const plain = new Client({ connectionString: database.url, pipeline: true });
  await plain.connect();
  await expect(new ClientExecutor(plain).query(AS_BINARY, [])).rejects.toThrow('cannot read rows in the binary form');
  await plain.end();
});

describe('the splitter', () => {
  const message = (kind: string, body: Uint8Array): Buffer => {
    const head = Buffer.alloc(5, kind);
    head.writeUInt32BE(4 + body.length, 1);
    return Buffer.concat([head, body]);
  };
  const fields = [Buffer.from('one'), null, Buffer.alloc(0), Buffer.from('a longer field')];
  const parts = fields.map((field) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(field?.length ?? -1);
    return Buffer.concat([length, field ?? Buffer.alloc(0)]);
  });
  const row = message('D', Buffer.concat([Buffer.of(0, fields.length), ...parts]));
  const description = message('T', Buffer.from('binary'));
  const textDescription = message('T', Buffer.from('text'));
  const done = message('C', Buffer.from('SELECT 2\0'));
  const sent = Buffer.concat([done, description, row, row, done, textDescription, row, done, description, done]);

  it.each([1, 2, 3, 5, 7, 11, 64, 1000])('finds the rows in the binary form in pieces of %d bytes', (size) => {
    const heard: string[] = [];
    let passed = Buffer.alloc(0);
    const splitter = new RowSplitter({
      pass: (bytes) => {
        passed = Buffer.concat([passed, bytes]);
        heard.push('rest');
        // As pg does when it has read a description.
        for (const kind of [description, textDescription]) {
          if (passed.subarray(-kind.length).equals(kind)) splitter.isBinary = kind === description;
        }
      },
      row: (values) => heard.push(values.map((value) => (value === null ? 'null' : Buffer.from(value).toString())).join()),
    });
    for (let at = 0; at < sent.length; at += size) splitter.push(Buffer.from(sent.subarray(at, at + size)));
    const expected = Buffer.concat([done, description, done, textDescription, row, done, description, done]);
    expect(passed.equals(expected)).toBe(true);
    const order = heard.filter((what, index) => what !== heard[index - 1] || what !== 'rest');
    expect(order).toEqual(['rest', 'one,null,,a longer field', 'one,null,,a longer field', 'rest']);
  });
});
