import { type Dbal, type Timestamp, type TransactionContext, toTimestamp } from '@orchestrator/lib';
import { type Random, createRandom } from '../random/random.ts';
import type { ConformanceStore } from './store.ts';

const DEFAULT_MAX_BATCH_SIZE = 2000;
const SEED = 20_261_121;

/** What a test does in a transaction; `now` is the transaction time. */
export type RoomWork<T> = (dbal: Dbal, now: Timestamp, context: TransactionContext) => Promise<T>;

/** An empty channel of a store, for one test or a few that belong together. */
export interface Room {
  readonly channel: string;
  readonly random: Random;
  write<T>(work: RoomWork<T>): Promise<T>;
  read<T>(work: (dbal: Dbal) => Promise<T>): Promise<T>;
}

/** The store under test, opened once for all tests of a suite. */
export class Suite {
  readonly #openStore: () => Promise<ConformanceStore>;
  #store: ConformanceStore | undefined;
  #rooms = 0;

  constructor(openStore: () => Promise<ConformanceStore>) {
    this.#openStore = openStore;
  }

  async open(): Promise<void> {
    this.#store = await this.#openStore();
  }

  async close(): Promise<void> {
    await this.#store?.[Symbol.asyncDispose]();
  }

  get maxBatchSize(): number {
    return this.#requireStore().maxBatchSize ?? DEFAULT_MAX_BATCH_SIZE;
  }

  async openRoom(): Promise<Room> {
    const store = this.#requireStore();
    const channel = await store.openChannel();
    this.#rooms += 1;
    return {
      channel,
      random: createRandom(SEED + this.#rooms),
      write: (work) =>
        store.write(channel, async (dbal, context) => {
          // An adapter may know the transaction time only after the first answer.
          await dbal.computePlan.getComputePlans(['00000000-0000-4000-8000-000000000000']);
          return work(dbal, toTimestamp(context.instant), context);
        }),
      read: (work) => store.read(channel, work),
    };
  }

  #requireStore(): ConformanceStore {
    if (this.#store === undefined) throw new Error('the store is not open');
    return this.#store;
  }
}
