import { createHash } from 'node:crypto';
import { AssetKind, Event, EventKind, toTimestamp } from '@orchestrator/lib';
import type { Log } from '../../log/log.ts';
import type { EventSubscription } from '../../mode.ts';
import type { EventSource, TransactionEvents } from './event-source.ts';
import type { FeedReader } from './feed-reader.ts';
import { cursorAfter, formatEventId, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';
import type { LedgerFeedsSettings } from './feeds.ts';
import { until as untilInTime, within } from '../../spec-waiting.ts';

export { refusalOf, within } from '../../spec-waiting.ts';

/** Drops everything. */
export const silentLog: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined, child: () => silentLog };

function toBytes(id: string, number: number): Uint8Array {
  const timestamp = toTimestamp(1_700_000_000_000_000n + BigInt(number));
  return Event.encode(Event.fromPartial({ id, assetKey: String(number), assetKind: AssetKind.ASSET_MODEL, eventKind: EventKind.EVENT_ASSET_CREATED, channel: 'mychannel', timestamp })).finish();
}

/** The number of a ledger's event, counted from 1. */
export function numberOf(bytes: Uint8Array): number {
  return Number(Event.decode(bytes).assetKey);
}

interface Stream {
  wake: () => void;
  failure: Error | undefined;
}

/** A ledger in memory: events are numbered from 1 on, and what a peer would do to streams can be done to them. */
export class FakeLedger implements EventSource {
  identity = 'genesis';
  /** Whether every question fails. */
  isAway = false;
  /** Streams that were opened. */
  opened = 0;
  mostAtOnce = 0;
  readonly events: LedgerEvent[] = [];
  readonly #blocks: TransactionEvents[][] = [[]];
  readonly #streams = new Set<Stream>();

  /** Streams that are open. */
  get open(): number {
    return this.#streams.size;
  }

  readHeight(): Promise<bigint> {
    return this.#answer(BigInt(this.#blocks.length));
  }

  readIdentity(): Promise<string> {
    return this.#answer(this.identity);
  }

  find(eventId: string): Promise<LedgerCursor | undefined> {
    const event = this.events.find(({ id }) => id === eventId);
    return this.#answer(event === undefined ? undefined : cursorAfter(event));
  }

  async *follow(startBlock: bigint, signal: AbortSignal): AsyncGenerator<TransactionEvents> {
    await this.#answer(undefined);
    signal.throwIfAborted();
    const stream: Stream = { wake: () => undefined, failure: undefined };
    this.#streams.add(stream);
    this.opened += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#streams.size);
    const end = (error: Error): void => {
      stream.failure ??= error;
      this.#streams.delete(stream);
      stream.wake();
    };
    signal.addEventListener('abort', () => end(signal.reason as Error), { once: true });
    try {
      for (let block = Number(startBlock); ; block += 1) {
        while (stream.failure === undefined && block >= this.#blocks.length) await new Promise<void>((resolve) => (stream.wake = resolve));
        for (const transaction of this.#blocks[block] ?? []) {
          await new Promise((resolve) => setImmediate(resolve));
          if (stream.failure !== undefined) throw stream.failure;
          yield transaction;
        }
        if (stream.failure !== undefined) throw stream.failure;
      }
    } finally {
      this.#streams.delete(stream);
    }
  }

  /** Adds a block with transactions of so many events each. */
  addBlock(...sizes: readonly number[]): void {
    const block = BigInt(this.#blocks.length);
    const transactions = sizes.map((size, place): TransactionEvents => {
      const transactionId = createHash('sha256').update(`${this.identity}/${block}/${place}`).digest('hex');
      const events = Array.from({ length: size }, (_, index): LedgerEvent => {
        const id = formatEventId({ transactionId, index });
        const event = { id, block, bytes: toBytes(id, this.events.length + 1) };
        this.events.push(event);
        return event;
      });
      return events as unknown as TransactionEvents;
    });
    this.#blocks.push(transactions.filter(({ length }) => length > 0));
    for (const stream of this.#streams) stream.wake();
  }

  /** Ends all streams, as a peer does that goes away. */
  cut(): void {
    for (const stream of this.#streams) {
      stream.failure = new Error('the peer is gone');
      stream.wake();
    }
    this.#streams.clear();
  }

  /** Becomes another ledger, with other events. */
  replace(): void {
    this.identity = 'another genesis';
    this.events.length = 0;
    this.#blocks.length = 1;
    this.cut();
  }

  /** The place behind an event. */
  behind(number: number): LedgerCursor {
    const event = this.events[number - 1];
    if (event === undefined) throw new Error(`no event ${number}`);
    return cursorAfter(event);
  }

  /** The id of an event. */
  idOf(number: number): string {
    return this.behind(number).after ?? '';
  }

  async #answer<T>(value: T): Promise<T> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isAway) throw new Error('no peer answers');
    return value;
  }
}

/** About. */
const EVENT_BYTES = 100;

/** Settings with short times. @param bufferEvents how many events the memory holds. */
export function shortSettings(bufferEvents = 1000): LedgerFeedsSettings {
  return {
    bufferBytes: bufferEvents * EVENT_BYTES,
    lookBackBlocks: 2n,
    outageTimeoutMs: 300,
    retryDelayMs: 5,
    maxSubscribers: 1000,
    idleTimeoutMs: 60_000,
    pages: { streams: 4, turnTimeoutMs: 2000, parkMs: 50, page: { events: 10, bytes: 1_000_000, lingerMs: 10 }, cacheBytes: 500 * EVENT_BYTES },
  };
}

/** The numbers from one to another. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}

/** The numbers of the next events, with a deadline for each batch. */
export async function take(reader: EventSubscription | FeedReader, count: number): Promise<number[]> {
  const numbers: number[] = [];
  while (numbers.length < count) {
    const next: Promise<readonly (LedgerEvent | Uint8Array)[]> = reader.next();
    const batch = await within(next, 5000, `event ${numbers.length + 1} of ${count}`);
    numbers.push(...batch.map((event) => numberOf(event instanceof Uint8Array ? event : event.bytes)));
  }
  return numbers;
}

/** Waits until it is so: a little while, unless told otherwise. */
export function until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  return untilInTime(what, check, timeoutMs);
}
