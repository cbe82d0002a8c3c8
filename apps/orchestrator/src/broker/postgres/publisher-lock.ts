import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, type ClientConfig } from 'pg';
import type { Log } from '../../log/log.ts';
import { ClientExecutor } from '../../standalone/sql/client-executor.ts';
import type { Statement } from '../../standalone/sql/executor.ts';
import { type CursorMove, type CursorStore, FencedError, type PublisherLock, type Tenure } from '../publisher/ports.ts';

/** First key of the advisory locks of publishers, beside CHANNEL_LOCK_NAMESPACE. The second one is channels.id. */
export const PUBLISHER_LOCK_NAMESPACE = 0x0c4a_0002;

/** A connection that does not answer for so long is lost. */
const ANSWER_TIMEOUT_MS = 3000;
const PING_INTERVAL_MS = 1000;

/**
 * The database notices within 4 s that this server's host or network is gone, and frees its locks. A pooler in between
 * would keep the session, and the lock with it: the connection has to be a direct one.
 */
const KEEPALIVE_OPTIONS =
  '-c tcp_keepalives_idle=1 -c tcp_keepalives_interval=1 -c tcp_keepalives_count=3 -c tcp_user_timeout=4000';

const LOCK: Statement = { name: 'broker_lock', text: 'SELECT pg_try_advisory_lock($1::int4, $2::int4)' };
const UNLOCK: Statement = { name: 'broker_unlock', text: 'SELECT pg_advisory_unlock($1::int4, $2::int4)' };
const PING: Statement = { name: 'broker_ping', text: 'SELECT' };

const TAKE_OVER: Statement = {
  name: 'broker_take_over',
  text: `
    INSERT INTO broker_cursors (channel, fence, holder) VALUES ($1, 1, $2)
    ON CONFLICT (channel) DO UPDATE SET fence = broker_cursors.fence + 1, holder = excluded.holder, held_since = now()
    RETURNING fence, position`,
};

const ADVANCE: Statement = {
  name: 'broker_cursor_advance',
  text: `
    UPDATE broker_cursors SET position = $3, moved = now()
    WHERE channel = $1 AND fence = $2 AND position <= $3 RETURNING position`,
};

export interface PostgresPublisherLockOptions {
  /** How to connect, directly. */
  readonly session: ClientConfig;
  /** The number by which the tables know a channel. */
  readonly idOf: (channel: string) => Promise<number>;
  readonly log: Log;
}

/** A session and what hangs on it: everything is lost with it. */
interface Session {
  readonly client: Client;
  readonly sql: ClientExecutor;
  readonly lost: AbortController;
}

/**
 * The publisher locks and cursors of this server, over one direct connection: the locks are the session's and die with
 * it. Who lost its session without noticing can still not move a cursor, since the next holder has raised the fence.
 */
export class PostgresPublisherLock implements PublisherLock, CursorStore, AsyncDisposable {
  readonly #options: PostgresPublisherLockOptions;
  readonly #holder = `${hostname()}/${process.pid}`;
  #session: Promise<Session> | undefined;
  readonly #closing = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(options: PostgresPublisherLockOptions) {
    this.#options = options;
  }

  async tryAcquire(channel: string): Promise<Tenure | undefined> {
    const channelId = await this.#options.idOf(channel);
    const session = await this.#open();
    return this.#guard(session, async () => {
      const [locked] = await session.sql.query(LOCK, [PUBLISHER_LOCK_NAMESPACE, channelId]);
      if (locked?.[0] !== true) return undefined;
      const [row] = await session.sql.query(TAKE_OVER, [channelId, this.#holder]);
      const [fence = 0n, position = 0n] = (row ?? []) as readonly bigint[];
      return {
        fence,
        position,
        lost: session.lost.signal,
        [Symbol.asyncDispose]: () => this.#release(session, channelId),
      };
    });
  }

  async advance({ channel, position, fence }: CursorMove): Promise<void> {
    const channelId = await this.#options.idOf(channel);
    const session = await this.#open();
    const moved = await this.#guard(session, () => session.sql.query(ADVANCE, [channelId, fence, position]));
    if (moved.length === 0) throw new FencedError(channel);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('the server shuts down'));
    const session = await this.#session?.catch(() => undefined);
    if (session !== undefined) lose(session, this.#closing.signal.reason);
    await this.#watching;
  }

  async #release(session: Session, channelId: number): Promise<void> {
    if (session.lost.signal.aborted) return;
    await this.#guard(session, () => session.sql.query(UNLOCK, [PUBLISHER_LOCK_NAMESPACE, channelId])).catch(() => undefined);
  }

  /** Whatever fails on the session ends it: nobody then has to wonder what it still holds. */
  async #guard<T>(session: Session, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      lose(session, error);
      throw error;
    }
  }

  #open(): Promise<Session> {
    if (this.#session !== undefined) return this.#session;
    this.#closing.signal.throwIfAborted();
    const opening = this.#connect();
    this.#session = opening;
    const forget = (): void => {
      if (this.#session === opening) this.#session = undefined;
    };
    opening.then(({ lost }) => {
      if (lost.signal.aborted) forget();
      else lost.signal.addEventListener('abort', forget, { once: true });
    }, forget);
    return opening;
  }

  async #connect(): Promise<Session> {
    const { session: config } = this.#options;
    const client = new Client({
      ...config,
      options: `${config.options ?? ''} ${KEEPALIVE_OPTIONS}`.trim(),
      pipeline: true,
      keepAliveInitialDelayMillis: PING_INTERVAL_MS,
      connectionTimeoutMillis: ANSWER_TIMEOUT_MS,
      statement_timeout: ANSWER_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
    });
    const session: Session = { client, sql: new ClientExecutor(client), lost: new AbortController() };
    client.on('error', (error) => lose(session, error));
    client.on('end', () => lose(session, new Error("the connection of the publishers' locks was closed")));
    await client.connect();
    this.#watching = this.#watch(session);
    return session;
  }

  /** An idle connection does not tell that it is dead. Never rejects. */
  async #watch(session: Session): Promise<void> {
    const { signal } = session.lost;
    while (!signal.aborted) {
      await sleep(PING_INTERVAL_MS, undefined, { signal, ref: false }).catch(() => undefined);
      if (!signal.aborted) await this.#guard(session, () => session.sql.query(PING, [])).catch(() => undefined);
    }
    await session.client.end().catch(() => undefined);
  }
}

/** Ends a session at once. */
function lose(session: Session, error: unknown): void {
  if (session.lost.signal.aborted) return;
  session.lost.abort(error);
  // `end` would wait for the answers of a database that gives none. The types leave the socket out.
  (session.client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}
