import { Client, type ClientBase, DatabaseError } from 'pg';
import { type Migration, readMigrations } from './migration-files.ts';
import { SchemaError } from './schema-error.ts';

export interface MigrateOptions {
  /** Where the migration files are; this server's own by default. */
  readonly directory?: string;
  /** How long to wait for another migration under way; 60 s by default. */
  readonly lockTimeoutMs?: number;
}

/** A row of `schema_migrations`. */
interface AppliedMigration {
  readonly version: number;
  readonly name: string;
  readonly checksum: string;
  readonly serves: number;
}

const DEFAULT_LOCK_TIMEOUT_MS = 60_000;

/** Names the session lock of migrations among the advisory locks of the database: "orch" twice, in ASCII. */
export const MIGRATION_LOCK_KEY = '8030590385752531816';

const LOCK_NOT_AVAILABLE = '55P03';
const UNDEFINED_TABLE = '42P01';

const CREATE_HISTORY = `
  CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    checksum text NOT NULL,
    serves integer NOT NULL,
    applied timestamptz NOT NULL DEFAULT now()
  )`;

const SELECT_HISTORY = 'SELECT version, name, checksum, serves FROM schema_migrations ORDER BY version';

const SELECT_NEWEST = 'SELECT version, serves FROM schema_migrations ORDER BY version DESC LIMIT 1';

const RECORD_MIGRATION = 'INSERT INTO schema_migrations (version, name, checksum, serves) VALUES ($1, $2, $3, $4)';

/**
 * Brings the schema up to date: runs what is pending, each migration in a transaction of its own, under a lock that
 * lets concurrent installers of one database take turns. A schema newer than this server's is left as it is,
 * and refused when it does not serve this server any more.
 *
 * @param database a connection string, or a connected client that runs nothing else meanwhile.
 * @returns the names of the migrations that were applied now, in order.
 * @throws SchemaError when an applied file was changed since, when another migration holds the lock for too long, or
 *   when a migration fails (which leaves nothing of it behind; a connection lost during COMMIT may leave all of it).
 */
export async function migrate(database: string | ClientBase, options: MigrateOptions = {}): Promise<readonly string[]> {
  const migrations = await readMigrations(options.directory);
  if (typeof database !== 'string') return migrateLocked(database, migrations, options);
  const client = new Client({ connectionString: database });
  // The loss of the connection fails the statement under way, which is where it is reported.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await migrateLocked(client, migrations, options);
  } finally {
    await client.end();
  }
}

async function migrateLocked(
  client: ClientBase,
  migrations: readonly Migration[],
  options: MigrateOptions,
): Promise<readonly string[]> {
  await lock(client, options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS);
  try {
    await client.query(CREATE_HISTORY);
    const applied = await readHistory(client);
    checkHistory(migrations, applied);
    const pending = migrations.slice(applied.length);
    for (const migration of pending) await apply(client, migration);
    // A schema of newer servers may not serve this one any more: better told by this command than by the server's start.
    if (applied.length > migrations.length) await checkSchema(client, options.directory);
    return pending.map(({ name }) => name);
  } finally {
    await unlock(client);
  }
}

async function lock(client: ClientBase, timeoutMs: number): Promise<void> {
  // Migrations may take longer than the limits that a server's sessions are given.
  await client.query(`SET statement_timeout = 0; SET lock_timeout = ${Math.max(1, Math.trunc(timeoutMs))}`);
  try {
    await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK_KEY})`);
  } catch (error) {
    await client.query('RESET lock_timeout; RESET statement_timeout');
    if (!hasSqlState(error, LOCK_NOT_AVAILABLE)) throw error;
    throw new SchemaError('another migration of this database is under way: try again when it is done', { cause: error });
  }
}

async function unlock(client: ClientBase): Promise<void> {
  try {
    await client.query(`SELECT pg_advisory_unlock(${MIGRATION_LOCK_KEY}); RESET lock_timeout; RESET statement_timeout`);
  } catch {
    // The connection is gone, and the lock with it; what broke it was thrown already.
  }
}

async function readHistory(client: ClientBase): Promise<readonly AppliedMigration[]> {
  return (await client.query<AppliedMigration>(SELECT_HISTORY)).rows;
}

/** Refuses files that differ from what the schema was made of. Applied migrations without a file are a newer server's. */
function checkHistory(migrations: readonly Migration[], applied: readonly AppliedMigration[]): void {
  for (const [index, { version, name, checksum }] of applied.entries()) {
    if (version !== index + 1) throw new SchemaError(`the database lacks migration ${index + 1} but has ${version}`);
    const file = migrations[index];
    if (file === undefined || file.checksum === checksum) continue;
    throw new SchemaError(
      `migration ${file.name} is not what was applied to this database as ${name}: restore the file and put the change into a new migration`,
    );
  }
}

async function apply(client: ClientBase, migration: Migration): Promise<void> {
  const { version, name, checksum, serves } = migration;
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query(RECORD_MIGRATION, [version, name, checksum, serves]);
  } catch (error) {
    await rollback(client);
    throw new SchemaError(`migration ${name} failed and was taken back: ${reasonOf(error)}`, { cause: error });
  }
  await commit(client, name);
}

/** Only the database itself can say that a COMMIT failed: without its answer nobody knows. */
async function commit(client: ClientBase, name: string): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (error) {
    const what =
      error instanceof DatabaseError
        ? `migration ${name} failed and was taken back`
        : `whether migration ${name} was applied is not known, and the next try finds out`;
    throw new SchemaError(`${what}: ${reasonOf(error)}`, { cause: error });
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function rollback(client: ClientBase): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch {
    // A lost connection has rolled back already.
  }
}

/**
 * Checks that this server can work on the database's schema: made by its newest migration or a newer one, and still
 * serving it.
 *
 * @throws SchemaError with one sentence that says what to do.
 */
export async function checkSchema(client: Pick<ClientBase, 'query'>, directory?: string): Promise<void> {
  const serverVersion = (await readMigrations(directory)).length;
  const newest = await readNewest(client);
  if (newest === undefined) {
    throw new SchemaError('the database has no schema yet: run "orchestrator migrate" on it');
  }
  const { version, serves } = newest;
  if (version < serverVersion) {
    throw new SchemaError(
      `the database's schema has version ${version} and this server needs ${serverVersion}: run "orchestrator migrate" of this server first`,
    );
  }
  if (serves > serverVersion) {
    throw new SchemaError(
      `the database's schema has version ${version}, which serves servers from ${serves} on, and this server is of ${serverVersion}: use a newer server`,
    );
  }
}

type SchemaVersion = Pick<AppliedMigration, 'version' | 'serves'>;

async function readNewest(client: Pick<ClientBase, 'query'>): Promise<SchemaVersion | undefined> {
  try {
    return (await client.query<SchemaVersion>(SELECT_NEWEST)).rows[0];
  } catch (error) {
    if (hasSqlState(error, UNDEFINED_TABLE)) return undefined;
    throw error;
  }
}

function hasSqlState(error: unknown, state: string): boolean {
  return error instanceof DatabaseError && error.code === state;
}
