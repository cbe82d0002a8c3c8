import { cursorAfter, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';

/** Most events that one look returns: the reader hands them on before it looks again. */
const MAX_BATCH = 256;

/**
 * What the memory knows of a place: the events behind it, none when the reader has to wait for them, or `elsewhere` when
 * the ledger has to be read.
 */
export type Recent = readonly LedgerEvent[] | 'elsewhere';

/** The last events of a channel, without gaps, up to so many bytes. */
export class RecentEvents {
  readonly #maxBytes: number;
  /** In order; the first `#dropped` entries are gone and wait to be cut off. */
  #events: LedgerEvent[] = [];
  #dropped = 0;
  #bytes = 0;
  /** The number of the first entry of `#events`, dropped or not, counted from the first event that ever came. */
  #offset = 0;
  /** The number of each event that is kept, by its id. */
  readonly #numbers = new Map<string, number>();
  /** Everything behind this place is here. */
  #from: LedgerCursor;
  #head: LedgerCursor;

  /** @param from the place behind which it starts; the first event that is appended is the next one there. */
  constructor(from: LedgerCursor, maxBytes: number) {
    this.#from = from;
    this.#head = from;
    this.#maxBytes = maxBytes;
  }

  /** The place behind the last event. */
  get head(): LedgerCursor {
    return this.#head;
  }

  /** @param events the ones that follow the head, in order. */
  append(events: readonly LedgerEvent[]): void {
    for (const event of events) {
      if (event.block < this.#head.block || this.#numbers.has(event.id)) throw new Error('events must follow each other in the order of the ledger');
      this.#numbers.set(event.id, this.#offset + this.#events.length);
      this.#events.push(event);
      this.#bytes += event.bytes.length;
      this.#head = cursorAfter(event);
    }
    this.#trim();
  }

  /** What follows a place. */
  after(cursor: LedgerCursor): Recent {
    const start = this.#startOf(cursor);
    return start === undefined ? 'elsewhere' : this.#events.slice(start, start + MAX_BATCH);
  }

  /** The place of an event that is kept. */
  find(eventId: string): LedgerCursor | undefined {
    const number = this.#numbers.get(eventId);
    const event = number === undefined ? undefined : this.#events[number - this.#offset];
    return event === undefined ? undefined : cursorAfter(event);
  }

  /** The entry of `#events` with which that begins what follows the place. */
  #startOf({ block, after }: LedgerCursor): number | undefined {
    if (after === undefined) return this.#startOfBlock(block);
    const number = this.#numbers.get(after);
    if (number !== undefined) return number - this.#offset + 1;
    if (block === this.#from.block && after === this.#from.after) return this.#dropped;
    // A peer that is ahead has told of it already: it is still to come.
    const isToCome = block >= this.#head.block && (block > this.#from.block || this.#from.after === undefined);
    return isToCome ? this.#events.length : undefined;
  }

  #startOfBlock(block: bigint): number | undefined {
    const reachesBack = block > this.#from.block || (block === this.#from.block && this.#from.after === undefined);
    if (!reachesBack) return undefined;
    // The first kept event that is not before the block, by bisection.
    let [low, high] = [this.#dropped, this.#events.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#events[middle]?.block ?? block) < block) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #trim(): void {
    while (this.#bytes > this.#maxBytes) {
      const event = this.#events[this.#dropped];
      if (event === undefined) break;
      this.#bytes -= event.bytes.length;
      this.#dropped += 1;
      this.#numbers.delete(event.id);
      this.#from = cursorAfter(event);
    }
    // Cutting off at every event would copy the rest each time.
    if (this.#dropped > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#dropped);
      this.#offset += this.#dropped;
      this.#dropped = 0;
    }
  }
}
