import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newMigration, readMigrations } from './migration-files.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'orchestrator-migrations-'));
});
afterEach(() => rm(directory, { recursive: true }));

function write(name: string, text: string): Promise<void> {
  return writeFile(join(directory, name), text);
}

it('reads the migrations in their order', async () => {
  await write('0002_two_things.sql', '-- serves: 1\nSELECT 2;\n');
  await write('0001_one.sql', '-- serves: 1\nSELECT 1;\n');
  await write('migrate.ts', '');
  const found = await readMigrations(directory);
  expect(found.map(({ version, name, serves }) => ({ version, name, serves }))).toEqual([
    { version: 1, name: '0001_one.sql', serves: 1 },
    { version: 2, name: '0002_two_things.sql', serves: 1 },
  ]);
});

it('gives a file the same checksum whatever its line ends, and another one for any other change', async () => {
  const checksums = new Set<string>();
  for (const text of ['-- serves: 1\nSELECT 1;\n', '-- serves: 1\r\nSELECT 1;\r\n', '-- serves: 1\nSELECT  1;\n']) {
    await write('0001_one.sql', text);
    for (const { checksum } of await readMigrations(directory)) checksums.add(checksum);
  }
  expect(checksums.size).toBe(2);
});

it.each([
  ['a bad name', '1_one.sql', '-- serves: 1\n', 'should be named'],
  ['capitals in the name', '0001_One.sql', '-- serves: 1\n', 'should be named'],
  ['a number left out', '0002_two.sql', '-- serves: 1\n', 'should have the number 1'],
  ['no word of what it serves', '0001_one.sql', 'SELECT 1;\n', '-- serves: N'],
  ['serving no server', '0001_one.sql', '-- serves: 0\n', '-- serves: N'],
  ['serving only servers to come', '0001_one.sql', '-- serves: 2\n', 'from 1 to 1'],
  ['a transaction of its own', '0001_one.sql', '-- serves: 1\nBEGIN;\nSELECT 1;\nCOMMIT;\n', 'transactions'],
])('refuses a file with %s', async (_, name, text, message) => {
  await write(name, text);
  await expect(readMigrations(directory)).rejects.toThrow(message);
});

it('refuses two files of one number', async () => {
  await write('0001_one.sql', '-- serves: 1\n');
  await write('0001_other.sql', '-- serves: 1\n');
  await expect(readMigrations(directory)).rejects.toThrow('0001_other.sql should have the number 2');
});

it('creates the next migration, ready to be read', async () => {
  await write('0001_one.sql', '-- serves: 1\n');
  const path = await newMigration('Add task priority!', directory);
  expect(basename(path)).toBe('0002_add_task_priority.sql');
  expect(await readFile(path, 'utf8')).toMatch(/^-- serves: 2\n/);
  expect(await readMigrations(directory)).toHaveLength(2);
});

it('refuses a name without letters and digits', async () => {
  await expect(newMigration(' -- ', directory)).rejects.toThrow('needs letters or digits');
});
