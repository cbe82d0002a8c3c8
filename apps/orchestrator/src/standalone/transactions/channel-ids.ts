import type { Pool } from 'pg';
import { PoolExecutor } from '../sql/client-executor.ts';
import type { Statement } from '../sql/executor.ts';

const FIND: Statement = { name: 'channel_find', text: 'SELECT id FROM channels WHERE name = $1' };
const ADD: Statement = {
  name: 'channel_add',
  text: 'INSERT INTO channels (name) VALUES ($1) ON CONFLICT (name) DO NOTHING RETURNING id',
};

/** The numbers by which the tables know the channels. A channel gets its row when it is first used. */
export class ChannelIds {
  readonly #sql: PoolExecutor;
  readonly #ids = new Map<string, number>();

  constructor(pool: Pool) {
    this.#sql = new PoolExecutor(pool);
  }

  /** @param channel one of the configuration's. @throws what the database said. */
  async get(channel: string): Promise<number> {
    const known = this.#ids.get(channel);
    if (known !== undefined) return known;
    // Another replica may add it between the two: then the second look finds it.
    const id = (await this.#find(FIND, channel)) ?? (await this.#find(ADD, channel)) ?? (await this.#find(FIND, channel));
    if (id === undefined) throw new Error(`channel ${channel} got no row`);
    this.#ids.set(channel, id);
    return id;
  }

  /** The name of a channel that this process has used. */
  nameOf(id: number): string | undefined {
    return [...this.#ids].find(([, known]) => known === id)?.[0];
  }

  async #find(statement: Statement, channel: string): Promise<number | undefined> {
    const [row] = await this.#sql.query(statement, [channel]);
    return row?.[0] as number | undefined;
  }
}
