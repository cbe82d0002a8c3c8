import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { draftPrefix } from './layout.ts';
import { findPostmaster, isPostmasterOf } from './postmaster.ts';
import {
  emptyDataDir,
  eventually,
  filledDataDir,
  isRoot,
  query,
  removeMaster,
  start,
  startServerProcess,
} from './testing/data-dirs.ts';

afterAll(removeMaster);

/** A process id that was somebody's and is nobody's now. */
async function deadPid(): Promise<number> {
  const child = spawn('true');
  await once(child, 'exit');
  return child.pid ?? 0;
}

it('adopts the database of a killed server, with its data', async () => {
  await using dir = await filledDataDir();
  const server = startServerProcess({ dataDir: dir.path });
  const { connectionString = '' } = await server.outcome;
  await query(connectionString, 'INSERT INTO kept VALUES (99)');
  const orphan = await findPostmaster(dir.cluster);
  server.child.kill('SIGKILL');
  await once(server.child, 'exit');

  await using next = await start(dir.path);
  expect(next.adopted).toBe(true);
  expect(next.pid).toBe(orphan?.pid);
  expect(next.connectionString).toBe(connectionString);
  expect(await query(next.connectionString, 'SELECT max(id) FROM kept')).toBe(99);

  // An adopted one is watched and stopped like its own.
  process.kill(next.pid, 'SIGKILL');
  await eventually(async () => (await query(next.connectionString, 'SELECT max(id) FROM kept').catch(() => 0)) === 99);
  await next.stop();
  expect(await findPostmaster(dir.cluster)).toBeUndefined();
});

it('survives the Ctrl-C that ends its server', async () => {
  await using dir = await filledDataDir();
  const server = startServerProcess({ dataDir: dir.path });
  const { connectionString = '' } = await server.outcome;
  // What a terminal does: the signal goes to the whole foreground process group.
  process.kill(-server.pid, 'SIGINT');
  await once(server.child, 'exit');
  expect(await query(connectionString, 'SELECT id FROM kept')).toBe(42);
});

it('refuses a folder that another server uses, and does it no harm', async () => {
  await using dir = await filledDataDir();
  const server = startServerProcess({ dataDir: dir.path });
  const { connectionString = '' } = await server.outcome;
  const refusal = `the data folder ${dir.path} is in use by another server (process ${server.pid}): stop that one, choose another ORCHESTRATOR_DATA_DIR, or let both use one ORCHESTRATOR_DATABASE_URL`;
  await expect(start(dir.path)).rejects.toThrow(refusal);
  expect(await query(connectionString, 'SELECT id FROM kept')).toBe(42);
  server.child.kill('SIGKILL');
  await once(server.child, 'exit');
});

it('waits for a database that is just being stopped', async () => {
  await using dir = await filledDataDir();
  const first = await start(dir.path);
  const [, second] = await Promise.all([first.stop(), start(dir.path)]);
  await using next = second;
  expect(next.pid).not.toBe(first.pid);
  expect(await query(next.connectionString, 'SELECT id FROM kept')).toBe(42);
});

it('gives a folder to exactly one of several servers that start on it at once', async () => {
  await using dir = await emptyDataDir();
  const servers = [1, 2, 3].map(() => startServerProcess({ dataDir: dir.path }));
  const outcomes = await Promise.all(servers.map(({ outcome }) => outcome));
  const winners = outcomes.filter(({ error }) => error === undefined);
  expect(winners).toHaveLength(1);
  expect(outcomes.filter(({ error }) => error?.includes('in use by another server'))).toHaveLength(2);
  expect(await query(winners[0]?.connectionString ?? '', 'SELECT 1')).toBe(1);
  expect((await readdir(dir.path)).filter((name) => name.startsWith(draftPrefix))).toEqual([]);
  for (const { child } of servers) child.kill('SIGKILL');
});

it('is not misled by a process that got the id of a dead database', async () => {
  await using dir = await filledDataDir();
  const first = await start(dir.path);
  const pidFile = join(dir.cluster, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  await first.stop();
  // PostgreSQL itself takes only processes of its own user for its postmaster.
  const bystander = spawn('sleep', ['60'], isRoot ? { uid: 65_534, gid: 65_534 } : {});
  await writeFile(pidFile, [bystander.pid, ...lines.slice(1)].join('\n'), { mode: 0o600 });

  await using second = await start(dir.path);
  expect(second.adopted).toBe(false);
  expect(await query(second.connectionString, 'SELECT id FROM kept')).toBe(42);
  expect(bystander.exitCode).toBeNull();
  bystander.kill('SIGKILL');
});

it('is not misled by the pid file of a dead database', async () => {
  await using dir = await filledDataDir();
  const first = await start(dir.path);
  const pidFile = join(dir.cluster, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8')).split('\n');
  await first.stop();
  await writeFile(pidFile, [await deadPid(), ...lines.slice(1)].join('\n'), { mode: 0o600 });
  await using second = await start(dir.path);
  expect(await query(second.connectionString, 'SELECT id FROM kept')).toBe(42);
});

it('makes a whole database after a start that was killed in the middle of making it', async () => {
  await using dir = await emptyDataDir();
  const killed = startServerProcess({ dataDir: dir.path });
  await eventually(async () => (await readdir(dir.path)).some((name) => name.startsWith(draftPrefix)));
  process.kill(-killed.pid, 'SIGKILL');
  await once(killed.child, 'exit');
  const leftover = join(dir.path, `${draftPrefix}${await deadPid()}-AbCdEf`);
  await mkdir(leftover);

  await using database = await start(dir.path);
  expect(await query(database.connectionString, 'SELECT 1')).toBe(1);
  expect(await readdir(dir.path)).toEqual(['postgres']);
});

it('tells a live database of another folder from one of this folder', async () => {
  await using dir = await filledDataDir();
  await using other = await filledDataDir();
  await using database = await start(dir.path);
  expect(await isPostmasterOf(database.pid, dir.cluster)).toBe(true);
  expect(await isPostmasterOf(database.pid, other.cluster)).toBe(false);
  expect(await isPostmasterOf(process.pid, dir.cluster)).toBe(false);
});
