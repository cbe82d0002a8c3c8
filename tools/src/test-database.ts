import { createHash, randomUUID } from 'node:crypto';
import pg from 'pg';

/** The instance in which `createTestDatabase` makes its databases; set from outside, or by vitest's global setup. */
export const adminUrlVariable = 'ORCHESTRATOR_TEST_POSTGRES_URL';
/** Begins the names of all databases of a run, which end with it. */
export const runVariable = 'ORCHESTRATOR_TEST_RUN';

/** A database of one test or one spec file. */
export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

/** What the databases are copied from: made once in a run, then copied, which is faster than migrating each. */
export interface DatabaseTemplate {
  /** Names the content: two different ones in a run need two names. */
  readonly name: string;
  /** Fills the empty database at `url`, and closes its connections. */
  readonly migrate: (url: string) => Promise<void>;
}

export interface TestDatabaseOptions {
  readonly template?: DatabaseTemplate;
  /** The instance to make it in; the one of the test run unless given. */
  readonly adminUrl?: string;
}

/**
 * Makes a database, empty or from a template. Dispose of it to drop it; the end of the test run drops it in any case.
 *
 * @throws when no PostgreSQL is there: the package's vitest configuration has to ask for it.
 */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const adminUrl = options.adminUrl ?? process.env[adminUrlVariable];
  if (adminUrl === undefined) throw new Error(`${adminUrlVariable} is not set: say postgres: true in vitest.config.ts`);
  const name = `${runPrefix()}_${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  const { template } = options;
  await withAdmin(adminUrl, async (admin) => {
    const source = template === undefined ? 'template0' : await ensureTemplate(admin, { ...template, adminUrl });
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${source}`);
  });
  return {
    name,
    url: databaseUrl(adminUrl, name),
    [Symbol.asyncDispose]: () => withAdmin(adminUrl, (admin) => drop(admin, name)),
  };
}

/** Drops the databases that this run made. */
export async function dropTestDatabases(adminUrl: string): Promise<void> {
  await withAdmin(adminUrl, async (admin) => {
    const { rows } = await admin.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)', [
      `${runPrefix()}_`,
    ]);
    for (const { name } of rows) await drop(admin, name);
  });
}

/** The same instance, another database. */
export function databaseUrl(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}

function runPrefix(): string {
  return process.env[runVariable] ?? 'orchestrator_test';
}

async function withAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000, query_timeout: 60_000 });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function drop(admin: pg.Client, name: string): Promise<void> {
  await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
}

/** Workers of a run ask for the same template at once: one makes it, under a lock, and the others wait. */
async function ensureTemplate(
  admin: pg.Client,
  { name, migrate, adminUrl }: DatabaseTemplate & { readonly adminUrl: string },
): Promise<string> {
  const template = `${runPrefix()}_t_${createHash('sha256').update(name).digest('hex').slice(0, 12)}`;
  await admin.query('SELECT pg_advisory_lock(hashtext($1))', [template]);
  try {
    const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
    if (rowCount !== 0) return template;
    const draft = `${template}_draft`;
    await drop(admin, draft);
    await admin.query(`CREATE DATABASE ${draft} TEMPLATE template0`);
    await migrate(databaseUrl(adminUrl, draft));
    await admin.query(`ALTER DATABASE ${draft} RENAME TO ${template}`);
    return template;
  } finally {
    await admin.query('SELECT pg_advisory_unlock(hashtext($1))', [template]);
  }
}
