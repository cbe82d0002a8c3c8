import { randomUUID } from 'node:crypto';
import type { ConformanceStore, ConformanceWork } from '@orchestrator/testing/conformance';
import { dbalConformance } from '@orchestrator/testing/conformance';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { Pool } from 'pg';
import { migrate } from '../migrations/migrate.ts';
import { BinaryClient } from '../sql/binary-rows.ts';
import { ClientExecutor, PoolExecutor } from '../sql/client-executor.ts';
import type { PostgresScope } from '../sql/executor.ts';
import { type ChannelHead, lockChannel } from '../transactions/channel-head.ts';
import { createPostgresDbal } from './postgres-dbal.ts';

const MSPID = 'MyOrg1MSP';

/** The DBAL on a database of its own, in the plainest transactions. */
class PostgresStore implements ConformanceStore {
  readonly #database: TestDatabase;
  readonly #pool: Pool;
  readonly #ids = new Map<string, number>();

  private constructor(database: TestDatabase, pool: Pool) {
    this.#database = database;
    this.#pool = pool;
  }

  static async open(): Promise<PostgresStore> {
    const database = await createTestDatabase();
    await migrate(database.url);
    const pool = new Pool({ connectionString: database.url, pipeline: true, Client: BinaryClient });
    // The pool is done before its connections are: they may still hear of the end of their database.
    pool.on('error', () => undefined);
    return new PostgresStore(database, pool);
  }

  async openChannel(): Promise<string> {
    const name = `channel${this.#ids.size}`;
    const { rows } = await this.#pool.query<{ id: number }>('INSERT INTO channels (name) VALUES ($1) RETURNING id', [name]);
    this.#ids.set(name, rows[0]?.id ?? 0);
    return name;
  }

  async write<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const channelId = this.#ids.get(channel) ?? 0;
    const client = await this.#pool.connect();
    const sql = new ClientExecutor(client);
    try {
      await client.query('BEGIN');
      const head = await lockChannel(sql, channelId);
      const scope = writingScope(sql, { id: channelId, name: channel }, head);
      const context = { channel, mspid: MSPID, instant: scope.instant, eventId: () => randomUUID() };
      const result = await work(createPostgresDbal(scope), context);
      await Promise.all([client.query('COMMIT'), sql.flush()]);
      return result;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  read<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const scope: PostgresScope = {
      sql: new PoolExecutor(this.#pool),
      channelId: this.#ids.get(channel) ?? 0,
      channel,
      takePositions: refuse,
    };
    return work(createPostgresDbal(scope), { channel, mspid: MSPID, instant: 0n, eventId: refuse });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end();
    await this.#database[Symbol.asyncDispose]();
  }
}

function refuse(): never {
  throw new Error('a reading transaction makes no events');
}

function writingScope(sql: ClientExecutor, channel: { id: number; name: string }, head: ChannelHead): PostgresScope & { readonly instant: bigint } {
  const instant = head.nextInstant;
  head.nextInstant += 1n;
  return {
    sql,
    channelId: channel.id,
    channel: channel.name,
    instant,
    takePositions(count) {
      const first = head.position + 1n;
      head.position += BigInt(count);
      return first;
    },
  };
}

dbalConformance('PostgreSQL', () => PostgresStore.open());
