import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { databaseUser } from './cluster.ts';
import { codeOf, EmbeddedPostgresError, messageOf, OwnedByAnotherError } from './errors.ts';
import { poll } from './wait.ts';

/** Where the database answers. */
export interface Address {
  readonly port: number;
  readonly password: string;
}

/** Names the lock of the server that owns the database; anything else in this database is free to use other numbers. */
const ownerLockKey = 7_276_001;

const connectTimeoutMs = 5_000;
const takeTimeoutMs = 2_000;
const closeTimeoutMs = 2_000;
const namePrefix = 'orchestrator owner, process ';

/** The wrong password is for ever; everything else passes, such as a database that is still recovering. */
const authenticationFailures = new Set(['28P01', '28000']);

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly isGone: () => Promise<boolean>;
}

/**
 * Opens a session of the superuser, trying until `timeoutMs` or until `isGone`.
 *
 * @returns the session, or undefined when the database is gone or does not answer.
 * @throws EmbeddedPostgresError when the password is wrong.
 */
export async function connectOwner(address: Address, { timeoutMs, signal, isGone }: ConnectOptions): Promise<pg.Client | undefined> {
  const answer = await poll(
    async () => {
      try {
        return await connect(address);
      } catch (error) {
        if (authenticationFailures.has(codeOf(error))) {
          throw new EmbeddedPostgresError(`the embedded PostgreSQL refuses its stored password: ${messageOf(error)}`, { cause: error });
        }
        return (await isGone()) ? 'gone' : undefined;
      }
    },
    { timeoutMs, signal },
  );
  return answer === 'gone' ? undefined : answer;
}

async function connect({ port, password }: Address): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: databaseUser,
    password,
    database: 'postgres',
    application_name: `${namePrefix}${process.pid}`,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: 30_000,
    keepAlive: true,
  });
  // Without a listener the end of an idle session would end this process; who cares listens for 'end'.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/**
 * Takes the lock that makes this server the owner of the database, for as long as the session lives. An orphaned
 * database has no owner; the session of a server that was just killed ends within moments.
 *
 * @throws OwnedByAnotherError when another server has it.
 */
export async function takeOwnership(client: pg.Client, dataDir: string): Promise<void> {
  const taken = await poll(
    async () => {
      const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [ownerLockKey]);
      return rows[0]?.taken === true ? true : undefined;
    },
    { timeoutMs: takeTimeoutMs, intervalMs: 100 },
  );
  if (taken === true) return;
  const holder = await holderOf(client);
  throw new OwnedByAnotherError(
    `the data folder ${dataDir} is in use by another server${holder}: stop that one, choose another ORCHESTRATOR_DATA_DIR, or let both use one ORCHESTRATOR_DATABASE_URL`,
  );
}

async function holderOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT a.application_name AS name FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.classid = 0 AND l.objid = $1`,
    [ownerLockKey],
  );
  const name = rows[0]?.name ?? '';
  return name.startsWith(namePrefix) ? ` (process ${name.slice(namePrefix.length)})` : '';
}

/** Makes the database named like its user, unless it is there. */
export async function ensureDatabase(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [databaseUser]);
  if (rowCount === 0) await client.query(`CREATE DATABASE ${databaseUser}`);
}

/** Ends a session, without waiting for long when the database does not answer. */
export async function closeSession(client: pg.Client): Promise<void> {
  await Promise.race([client.end(), delay(closeTimeoutMs, undefined, { ref: false })]);
}
