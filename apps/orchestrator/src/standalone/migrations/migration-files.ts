import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SchemaError } from './schema-error.ts';

/** Where the migrations of this server are, beside this file in the sources and in the build. */
export const MIGRATIONS_DIRECTORY: string = import.meta.dirname;

/** A migration as its file has it. */
export interface Migration {
  /** Counted from 1 without gaps. */
  readonly version: number;
  /** The file's name. */
  readonly name: string;
  readonly sql: string;
  /** SHA-256 of the file, in hex. */
  readonly checksum: string;
  /** The oldest server, as the number of its newest migration, that works on the schema after this migration. */
  readonly serves: number;
}

const FILE_NAME = /^(\d{4})_[a-z0-9]+(?:_[a-z0-9]+)*\.sql$/;
const SERVES_HEADER = /^-- serves: (\d+)$/m;
const TRANSACTION_CONTROL = /^\s*(?:begin|start transaction|commit|end|rollback)\s*;/im;

/**
 * The migrations of a folder in their order.
 *
 * @throws SchemaError when a file is misnamed, lacks its `-- serves: N` header, or controls transactions itself, or
 *   when a number is missing or there twice.
 */
export async function readMigrations(directory: string = MIGRATIONS_DIRECTORY): Promise<readonly Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).toSorted();
  const migrations = await Promise.all(names.map((name) => readMigration(directory, name)));
  for (const [index, { version, name }] of migrations.entries()) {
    if (version !== index + 1) throw new SchemaError(`migration ${name} should have the number ${index + 1}`);
  }
  return migrations;
}

async function readMigration(directory: string, name: string): Promise<Migration> {
  const version = Number(FILE_NAME.exec(name)?.[1] ?? 0);
  if (version === 0) throw new SchemaError(`migration ${name} should be named like 0002_add_something.sql`);
  // A checkout on Windows must not make another checksum.
  const sql = (await readFile(join(directory, name), 'utf8')).replaceAll('\r\n', '\n');
  const serves = Number(SERVES_HEADER.exec(sql)?.[1] ?? 0);
  if (serves < 1 || serves > version) {
    throw new SchemaError(`migration ${name} should have a line "-- serves: N" with N from 1 to ${version}`);
  }
  if (TRANSACTION_CONTROL.test(sql)) {
    throw new SchemaError(`migration ${name} should not begin or end transactions: it runs in one`);
  }
  return { version, name, sql, checksum: createHash('sha256').update(sql).digest('hex'), serves };
}

/**
 * Creates the next numbered, empty migration.
 *
 * @param name what it does, in words: "add task priority".
 * @returns the path of the file.
 * @throws SchemaError when no letter or digit is in the name.
 */
export async function newMigration(name: string, directory: string = MIGRATIONS_DIRECTORY): Promise<string> {
  const words = name.toLowerCase().match(/[a-z0-9]+/g);
  if (words === null) throw new SchemaError('the name of a migration needs letters or digits');
  const version = (await readMigrations(directory)).length + 1;
  const path = join(directory, `${String(version).padStart(4, '0')}_${words.join('_')}.sql`);
  await writeFile(path, template(version), { flag: 'wx' });
  return path;
}

function template(version: number): string {
  return [
    `-- serves: ${version}`,
    '--',
    '-- The line above names the oldest server, by the number of its newest migration, that still works on this schema.',
    '-- Lower it when older servers may run beside new ones during an update. A file that was applied never changes again.',
    '',
  ].join('\n');
}
