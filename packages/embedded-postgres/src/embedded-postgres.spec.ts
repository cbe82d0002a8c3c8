import { stat } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import pg from 'pg';
import { afterAll, expect, it } from 'vitest';
import type { DatabaseEnd } from './embedded-postgres.ts';
import { layoutOf } from './layout.ts';
import { findPostmaster, isPostmasterOf, stopPostmaster } from './postmaster.ts';
import { emptyDataDir, eventually, filledDataDir, isRoot, query, removeMaster, start } from './testing/data-dirs.ts';

afterAll(removeMaster);

it('makes a database whose data survive a restart', async () => {
  await using dir = await emptyDataDir();
  const first = await start(dir.path);
  expect(first.adopted).toBe(false);
  expect(first.version).toMatch(/^18\./);
  expect(first.dataDir).toBe(dir.path);
  await query(first.connectionString, 'CREATE TABLE survivors AS SELECT 7 AS id');
  await first.stop();

  await using second = await start(dir.path);
  expect(second.adopted).toBe(false);
  expect(await query(second.connectionString, 'SELECT id FROM survivors')).toBe(7);
  expect(await query(second.connectionString, 'SHOW server_encoding')).toBe('UTF8');
  expect(await query(second.connectionString, 'SELECT datcollate FROM pg_database WHERE datname = current_database()')).toBe('C');
});

it('guards the database by a password that only its owner can read', async () => {
  await using dir = await filledDataDir();
  await using database = await start(dir.path);
  const file = await stat(layoutOf(dir.path).passwordFile);
  expect(file.mode & 0o777).toBe(0o600);
  const url = new URL(database.connectionString);
  expect(url.password.length).toBeGreaterThanOrEqual(32);
  url.password = 'guess';
  await expect(query(url.href, 'SELECT 1')).rejects.toThrow('password authentication failed');
});

it('listens on the loopback address alone', async () => {
  await using dir = await filledDataDir();
  await using database = await start(dir.path);
  expect(await query(database.connectionString, 'SHOW listen_addresses')).toBe('127.0.0.1');
  expect(await query(database.connectionString, 'SHOW unix_socket_directories')).toBe('');
  const outside = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  for (const { address } of outside.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
    const url = new URL(database.connectionString);
    url.hostname = address;
    await expect(query(url.href, 'SELECT 1')).rejects.toThrow('ECONNREFUSED');
  }
});

it('never runs the database as root', async () => {
  await using dir = await filledDataDir();
  await using database = await start(dir.path);
  const { uid } = await stat(`/proc/${database.pid}`);
  expect(uid).toBe(isRoot ? 65_534 : process.getuid?.());
});

it('leaves nothing behind when it stops', async () => {
  await using dir = await filledDataDir();
  const database = await start(dir.path);
  const client = new pg.Client(database.connectionString);
  client.on('error', () => undefined);
  await client.connect();
  await client.query('BEGIN');
  await Promise.all([database.stop(), database.stop()]);
  expect(await isPostmasterOf(database.pid, dir.cluster)).toBe(false);
  expect(await findPostmaster(dir.cluster)).toBeUndefined();
  await expect(stat(`${dir.cluster}/postmaster.pid`)).rejects.toThrow('ENOENT');
});

it('ends a database that hears nothing any more', async () => {
  await using dir = await filledDataDir();
  const database = await start(dir.path);
  const ends: DatabaseEnd[] = [];
  database.onExit((end) => ends.push(end));
  process.kill(database.pid, 'SIGSTOP');
  const harder = [
    { signal: 'SIGINT', waitMs: 200 },
    { signal: 'SIGKILL', waitMs: 5_000 },
  ] as const;
  const stopping = database.stop();
  await stopPostmaster({ pid: database.pid, cluster: dir.cluster, endings: harder });
  await stopping;
  expect(await findPostmaster(dir.cluster)).toBeUndefined();
  expect(ends).toEqual([]);
});

it('starts a killed database again, on the same port and with all that was committed', async () => {
  await using dir = await filledDataDir();
  await using database = await start(dir.path);
  const ends: DatabaseEnd[] = [];
  database.onExit((end) => ends.push(end));
  const killed = database.pid;
  await query(database.connectionString, 'INSERT INTO kept VALUES (43)');
  process.kill(killed, 'SIGKILL');
  await eventually(async () => (await query(database.connectionString, 'SELECT max(id) FROM kept').catch(() => 0)) === 43);
  await eventually(() => database.pid !== killed);
  expect(ends).toMatchObject([{ final: false }]);

  // And once more: the new one is watched as the first was.
  process.kill(database.pid, 'SIGKILL');
  await eventually(() => ends.length === 2);
  await eventually(async () => (await query(database.connectionString, 'SELECT max(id) FROM kept').catch(() => 0)) === 43);
});

it('can be stopped while it is coming back', async () => {
  await using dir = await filledDataDir();
  const database = await start(dir.path);
  process.kill(database.pid, 'SIGKILL');
  await eventually(async () => !(await isPostmasterOf(database.pid, dir.cluster)));
  await database.stop();
  expect(await findPostmaster(dir.cluster)).toBeUndefined();
});

it('keeps its ownership when only the session of it is cut', async () => {
  await using dir = await filledDataDir();
  await using database = await start(dir.path);
  const { pid } = database;
  const ends: DatabaseEnd[] = [];
  database.onExit((end) => ends.push(end));
  const owners = `FROM pg_stat_activity WHERE application_name LIKE 'orchestrator owner%'`;
  await query(database.connectionString, `SELECT pg_terminate_backend(pid) ${owners}`);
  await eventually(() => ends.length === 1);
  await eventually(async () => (await query(database.connectionString, `SELECT count(*)::int ${owners}`)) === 1);
  expect(database.pid).toBe(pid);
  await expect(start(dir.path)).rejects.toThrow('in use by another server');
});
