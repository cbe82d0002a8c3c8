import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@orchestrator/embedded-postgres';
import { debianBinDir } from './postgres-install.ts';

/** A PostgreSQL instance in a temporary folder. */
export interface TestPostgres extends AsyncDisposable {
  /** Leads to a database from which others can be made, as the superuser. */
  readonly adminUrl: string;
  readonly version: string;
  /** The id of its main process now. */
  readonly pid: number;
  /** Ends it at once or in order, by PostgreSQL's own signals; it comes back by itself, at the same address. */
  readonly end: (signal: 'SIGKILL' | 'SIGQUIT' | 'SIGINT') => void;
}

export interface TestPostgresOptions {
  /** Whether commits reach the disk; on unless a test says that it does not care. */
  readonly fsync?: boolean;
  /** Further settings, by PostgreSQL's names. */
  readonly settings?: Readonly<Record<string, string>>;
}

const silent = { info: () => undefined, warn: () => undefined };

/** Starts the embedded PostgreSQL in a temporary folder, which goes when it is disposed of. */
export function startTestPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres> {
  return start(options);
}

/** Starts Debian's PostgreSQL 15, the oldest version that is supported; undefined where it isn't installed. */
export async function startDebianPostgres(options: TestPostgresOptions = {}): Promise<TestPostgres | undefined> {
  if (!existsSync(join(debianBinDir, 'postgres'))) return undefined;
  return await start({ ...options, binDir: debianBinDir });
}

async function start({
  fsync = true,
  settings = {},
  binDir,
}: TestPostgresOptions & { readonly binDir?: string }): Promise<TestPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), 'orchestrator-test-postgres-'));
  const remove = () => rm(dataDir, { recursive: true, force: true });
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      log: silent,
      settings: { fsync: fsync ? 'on' : 'off', ...settings },
      ...(binDir === undefined ? {} : { binDir }),
    });
    const guard = guardAgainstKill(dataDir);
    return {
      adminUrl: postgres.connectionString,
      version: postgres.version,
      get pid() {
        return postgres.pid;
      },
      end: (signal) => void process.kill(postgres.pid, signal),
      [Symbol.asyncDispose]: async () => {
        await postgres.stop();
        guard.kill('SIGKILL');
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/**
 * The database outlives its server, on purpose; that of a killed test run must not. This shell notices the end of this
 * process, however it ends, by the end of its input.
 */
function guardAgainstKill(dataDir: string): ChildProcess {
  const script = 'cat >/dev/null; kill -QUIT "$(head -n 1 "$1/postgres/cluster/postmaster.pid")"; sleep 1; rm -rf "$1"';
  const guard = spawn('/bin/sh', ['-c', script, 'sh', dataDir], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  guard.unref();
  // The pipe alone must not keep this process alive.
  if (guard.stdin instanceof Socket) guard.stdin.unref();
  return guard;
}
