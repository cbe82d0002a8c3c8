import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { createTestDatabase, startTestPostgres, type TestDatabase } from '@orchestrator/tools';
import pg from 'pg';
import { parentOf } from '../process/usage.ts';

const launcher = join(import.meta.dirname, '../../../apps/orchestrator/bin/orchestrator');

/** A PostgreSQL for a benchmark, durable as in production, and databases in it. */
export interface BenchPostgres extends AsyncDisposable {
  readonly version: string;
  /** Of the postmaster. */
  readonly pid: number;
  /** An empty database with the server's schema. */
  createDatabase(): Promise<TestDatabase>;
}

/** Starts it. Databases that were not disposed of go with it. */
export async function startBenchPostgres(settings: Readonly<Record<string, string>> = {}): Promise<BenchPostgres> {
  const postgres = await startTestPostgres({ settings });
  const { adminUrl, version } = postgres;
  return {
    version,
    pid: await withClient(adminUrl, postmasterPid),
    createDatabase: () => createTestDatabase({ adminUrl, template: { name: 'bench', migrate } }),
    [Symbol.asyncDispose]: () => postgres[Symbol.asyncDispose](),
  };
}

function migrate(url: string): Promise<void> {
  execFileSync('sh', [launcher, 'migrate'], { env: { ...process.env, ORCHESTRATOR_DATABASE_URL: url }, stdio: 'pipe' });
  return Promise.resolve();
}

async function postmasterPid(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return parentOf(rows[0]?.pid ?? 0);
}

/** Works on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, pipeline: true });
  // A query that fails says so by itself.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
