import type { Dbal, Instant, TransactionContext } from '@orchestrator/lib';
import type { Event, Stored } from '@orchestrator/lib';
import { type ChannelState, createChannelState, forkChannelState } from './channel-state.ts';
import { createMemoryDbal } from './dbal.ts';

/** Who asks, and where. */
export interface MemoryCaller {
  readonly channel: string;
  readonly mspid: string;
}

/** What happens in a transaction. */
export type MemoryWork<T> = (dbal: Dbal, context: TransactionContext) => Promise<T>;

/** 2026-01-01T00:00:00Z. */
const FIRST_INSTANT = 1_767_225_600_000_000n;

interface Channel {
  state: ChannelState;
  instant: Instant;
  /** Settles when the last writing transaction that was asked for is over. */
  tail: Promise<unknown>;
}

/**
 * A store in memory, for tests. Channels come into being when they are first used. Its clock is a counter: each
 * writing transaction of a channel is 1 µs later than the one before.
 */
export class MemoryStore {
  readonly #channels = new Map<string, Channel>();
  #transactions = 0;

  /**
   * Runs a writing transaction, one at a time in each channel. Everything that `work` writes is there when it
   * resolves, and nothing when it rejects.
   */
  transaction<T>(caller: MemoryCaller, work: MemoryWork<T>): Promise<T> {
    const channel = this.#channel(caller.channel);
    const result = channel.tail.then(() => this.#run(caller, work));
    channel.tail = result.catch(() => undefined);
    return result;
  }

  /** Runs `work` on what is committed now. It waits for no writer, and what it would write is dropped. */
  read<T>(caller: MemoryCaller, work: MemoryWork<T>): Promise<T> {
    const channel = this.#channel(caller.channel);
    return work(createMemoryDbal(forkChannelState(channel.state)), this.#context(caller, channel.instant));
  }

  /** The committed event log of a channel. An event's position is its index. */
  events(channel: string): readonly Stored<Event>[] {
    return this.#channel(channel).state.events.entries.map((entry) => entry.stored);
  }

  async #run<T>(caller: MemoryCaller, work: MemoryWork<T>): Promise<T> {
    const channel = this.#channel(caller.channel);
    const state = forkChannelState(channel.state);
    const instant = channel.instant + 1n;
    const result = await work(createMemoryDbal(state), this.#context(caller, instant));
    channel.state = state;
    channel.instant = instant;
    return result;
  }

  #context(caller: MemoryCaller, instant: Instant): TransactionContext {
    this.#transactions += 1;
    const prefix = this.#transactions.toString(16).padStart(8, '0');
    return {
      channel: caller.channel,
      mspid: caller.mspid,
      instant,
      eventId: (index) => `${prefix}-0000-4000-8000-${index.toString(16).padStart(12, '0')}`,
    };
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = { state: createChannelState(), instant: FIRST_INSTANT, tail: Promise.resolve() };
      this.#channels.set(name, channel);
    }
    return channel;
  }
}
