import { type ClientBase, type ClientConfig, Pool } from 'pg';
import type { Log } from '../../log/log.ts';
import { BinaryClient } from './binary-rows.ts';
import { joinWrites } from './joined-writes.ts';

/** How sessions of the database are made. */
export interface SessionSettings {
  readonly connectionString: string;
  readonly lockTimeoutMs: number;
  readonly statementTimeoutMs: number;
  /** Log every statement by name, at level debug. Values are never logged. */
  readonly logSql: boolean;
}

const CONNECT_TIMEOUT_MS = 5000;
const IDLE_TIMEOUT_MS = 60_000;

/**
 * Statements are prepared and reused: their generic plans are what the tests explain, and planning arrays of thousands
 * of keys anew each time would cost more than it could find. Compiling such short statements never pays.
 */
const SESSION_OPTIONS = '-c plan_cache_mode=force_generic_plan -c jit=off';

/**
 * The settings of every session. The time-outs see to it that a holder which hangs stops a channel for a while only:
 * a transaction waits between two statements for nothing but this process.
 */
export function sessionConfig(settings: SessionSettings): ClientConfig {
  return {
    connectionString: settings.connectionString,
    application_name: 'orchestrator',
    options: SESSION_OPTIONS,
    pipeline: true,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    lock_timeout: settings.lockTimeoutMs,
    statement_timeout: settings.statementTimeoutMs,
    // The database would have ended it by then: the connection has fallen silent, and is given up. TCP alone would let a
    // channel wait for a quarter of an hour.
    query_timeout: settings.statementTimeoutMs + settings.lockTimeoutMs,
    // As long as others wait for the lock that it holds.
    idle_in_transaction_session_timeout: settings.lockTimeoutMs,
  };
}

/** Opens a pool; a lost idle connection is logged and replaced when needed. */
export function openPool(settings: SessionSettings, size: number, log: Log): Pool {
  const pool = new Pool({ ...sessionConfig(settings), Client: BinaryClient, max: size, idleTimeoutMillis: IDLE_TIMEOUT_MS });
  pool.on('error', (error) => log.warn({ error: error.message }, 'an idle database connection was lost'));
  // The pool listens to idle clients only: without this, a connection lost while in use would end the process. Whoever
  // uses the client learns of it by the statement that fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('connect', joinWrites);
  if (settings.logSql) pool.on('connect', (client) => logStatements(client, log));
  return pool;
}

function logStatements(client: ClientBase, log: Log): void {
  const query = client.query.bind(client) as (...parameters: unknown[]) => unknown;
  const logged = (...parameters: unknown[]): unknown => {
    const [config] = parameters;
    const named = typeof config === 'object' && config !== null && 'text' in config ? config : { text: config };
    log.debug({ statement: 'name' in named ? named.name : undefined, sql: named.text }, 'sql');
    return query(...parameters);
  };
  client.query = logged as typeof client.query;
}
