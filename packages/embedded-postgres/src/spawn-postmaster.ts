import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { Account } from './account.ts';
import { codeOf, EmbeddedPostgresError } from './errors.ts';
import type { Layout } from './layout.ts';
import { commandOf } from './process.ts';
import { chooseSharedBuffers } from './shared-buffers.ts';

/** Settings of the server, by PostgreSQL's names. */
export type Settings = Readonly<Record<string, string>>;

const defaultSettings: Settings = {
  listen_addresses: '127.0.0.1',
  // No socket file: paths would be limited to 107 bytes, and the port is enough.
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: chooseSharedBuffers(),
  fsync: 'on',
  synchronous_commit: 'on',
  timezone: 'UTC',
  log_timezone: 'UTC',
  // Errors of statements are the server's to log. Here stay starts, ends and crashes: the file is small.
  log_min_messages: 'log',
  log_checkpoints: 'off',
  log_line_prefix: '%m [%p] ',
  jit: 'off',
};

const logLimitBytes = 1_000_000;

/** A postmaster that this process started. */
export interface Spawned {
  readonly pid: number;
  /** Resolves when it ends, with the reason as far as the log tells it. */
  readonly ended: Promise<string>;
}

export interface SpawnOptions {
  readonly layout: Layout;
  readonly account: Account;
  readonly port: number;
  readonly settings: Settings;
}

/** Starts PostgreSQL in a session of its own: a Ctrl-C at the terminal does not reach it. */
export async function spawnPostmaster({ layout, account, port, settings }: SpawnOptions): Promise<Spawned> {
  await rotateLog(layout.logFile);
  const args = ['-D', layout.cluster, '-p', String(port)];
  for (const [name, value] of Object.entries({ ...defaultSettings, ...settings })) args.push('-c', `${name}=${value}`);
  const { command, args: all, options } = commandOf(account.launch, { program: join(account.binaries.binDir, 'postgres'), args });
  await using log = await open(layout.logFile, 'a', 0o600);
  const { size: offset } = await log.stat();
  const child = spawn(command, all, { ...options, cwd: '/', detached: true, stdio: ['ignore', log.fd, log.fd] });
  const { promise: ended, resolve } = Promise.withResolvers<string>();
  child.on('exit', (exitCode, signal) => void reasonOf(layout.logFile, offset).then((reason) => resolve(reason ?? `it ended with ${signal ?? exitCode}`)));
  const pid = await new Promise<number>((started, failed) => {
    child.once('spawn', () => started(child.pid ?? 0));
    child.once('error', (error) => failed(new EmbeddedPostgresError(`PostgreSQL can't be started: ${error.message}`, { cause: error })));
  });
  child.unref();
  return { pid, ended };
}

async function rotateLog(file: string): Promise<void> {
  try {
    const { size } = await stat(file);
    if (size > logLimitBytes) await rename(file, `${file}.1`);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
}

/** The last fatal message in the log since `offset`, or what PostgreSQL said before it had a log. */
async function reasonOf(file: string, offset: number): Promise<string | undefined> {
  try {
    await using log = await open(file, 'r');
    const { buffer, bytesRead } = await log.read({ buffer: Buffer.alloc(65_536), position: offset });
    const text = buffer.toString('utf8', 0, bytesRead);
    const lines = text.split('\n');
    const fatal = lines.findLast((line) => /(FATAL|PANIC):/.test(line)) ?? lines.find((line) => /^(postgres|setpriv): /.test(line));
    return fatal?.replace(/^.*?(FATAL|PANIC|postgres):\s*/, '');
  } catch {
    return undefined;
  }
}

/** A port of 127.0.0.1 that is free now. Somebody may take it before it is used. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new EmbeddedPostgresError('no port of 127.0.0.1 is free');
  return address.port;
}
