/** Data folders and server processes for this package's tests. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../embedded-postgres.ts';
import { layoutOf } from '../layout.ts';
import { findPostmaster, stopPostmaster } from '../postmaster.ts';

export const isRoot = process.getuid?.() === 0;

/** These tests ask who survives, not whether a power cut loses data. */
const settings = { fsync: 'off' };

export const silent = { info: () => undefined, warn: () => undefined };

/** A temporary data folder; whatever database is left in it is stopped. */
export interface TemporaryDataDir extends AsyncDisposable {
  readonly path: string;
  readonly cluster: string;
}

export async function emptyDataDir(): Promise<TemporaryDataDir> {
  const path = await mkdtemp(join(tmpdir(), 'orchestrator-embedded-'));
  const { cluster } = layoutOf(path);
  return {
    path,
    cluster,
    [Symbol.asyncDispose]: async () => {
      const left = await findPostmaster(cluster);
      if (left !== undefined) await stopPostmaster({ pid: left.pid, cluster, endings: [{ signal: 'SIGKILL', waitMs: 5_000 }] });
      await rm(path, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

let master: Promise<TemporaryDataDir> | undefined;

/** A data folder with a database in it, copied from one that is made once: initdb is most of a first start. */
export async function filledDataDir(): Promise<TemporaryDataDir> {
  master ??= makeMaster();
  const { path } = await master;
  const copy = await emptyDataDir();
  await promisify(execFile)('cp', ['-a', `${path}/.`, copy.path]);
  return copy;
}

/** Call it after the last test of a file that used `filledDataDir`. */
export async function removeMaster(): Promise<void> {
  await (await master)?.[Symbol.asyncDispose]();
}

async function makeMaster(): Promise<TemporaryDataDir> {
  const made = await emptyDataDir();
  await using database = await start(made.path);
  await query(database.connectionString, 'CREATE TABLE kept (id int); INSERT INTO kept VALUES (42)');
  return made;
}

/** Starts a database in this process. */
export function start(dataDir: string): Promise<EmbeddedPostgres> {
  return startEmbeddedPostgres({ dataDir, log: silent, settings });
}

/** Runs one statement on a connection of its own. */
export async function query(connectionString: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 5_000, query_timeout: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const result = await client.query<unknown[]>({ text: sql, rowMode: 'array' });
    return result.rows?.[0]?.[0];
  } finally {
    await client.end();
  }
}

/** Tries until `check` answers true, for 15 s. */
export async function eventually(check: () => Promise<boolean> | boolean): Promise<void> {
  const endMs = performance.now() + 15_000;
  while (!(await check())) {
    if (performance.now() > endMs) throw new Error('it did not become true within 15 s');
    await delay(50);
  }
}

/** A server process: it starts a database and then waits. */
export interface ServerProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** What it printed: the connection string and whether the database was adopted, or the error's message. */
  readonly outcome: Promise<{ readonly connectionString?: string; readonly adopted?: boolean; readonly error?: string }>;
}

/** Starts a server process on a folder, in a process group of its own, as another user when told so. */
export function startServerProcess(options: { readonly dataDir: string; readonly binDir?: string; readonly uid?: number }): ServerProcess {
  const program = `
    const { startEmbeddedPostgres } = await import('@orchestrator/embedded-postgres');
    const { uid, ...options } = ${JSON.stringify({ ...options, settings })};
    if (uid !== undefined) { process.setgroups([]); process.setgid(uid); process.setuid(uid); }
    const log = { info: () => undefined, warn: () => undefined };
    try {
      const { connectionString, adopted } = await startEmbeddedPostgres({ ...options, log });
      console.log(JSON.stringify({ connectionString, adopted }));
      setInterval(() => undefined, 1000);
    } catch (error) {
      console.log(JSON.stringify({ error: error.message }));
    }`;
  const args = ['--conditions=@orchestrator/source', '--input-type=module', '-e', program];
  const child = spawn(process.execPath, args, { detached: true, cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
  const { promise: outcome, resolve, reject } = Promise.withResolvers<Awaited<ServerProcess['outcome']>>();
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
    if (text.endsWith('\n')) resolve(JSON.parse(text) as Awaited<ServerProcess['outcome']>);
  });
  child.once('exit', () => reject(new Error('the server process ended without an answer')));
  // Those that are killed on purpose are not waited for.
  outcome.catch(() => undefined);
  return { child, pid: child.pid ?? 0, outcome };
}
