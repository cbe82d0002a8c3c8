import type { StoredEvent } from '../dbal/event-log.ts';

/** Most events that one look returns: the reader writes them before it looks again. */
const MAX_BATCH = 256;

/** The last events of a channel, without gaps, up to so many bytes. */
export class RecentEvents {
  readonly #maxBytes: number;
  /** In order; the first `#dropped` entries are gone and wait to be cut off. */
  #events: StoredEvent[] = [];
  #dropped = 0;
  #bytes = 0;
  #head: bigint;

  /** @param head the position after which it starts. */
  constructor(head: bigint, maxBytes: number) {
    this.#head = head;
    this.#maxBytes = maxBytes;
  }

  /** Position of the last event. */
  get head(): bigint {
    return this.#head;
  }

  /** @param events the ones that follow the head, in order. */
  append(events: readonly StoredEvent[]): void {
    for (const event of events) {
      if (event.position !== this.#head + 1n) throw new Error('events must follow each other without a gap');
      this.#head = event.position;
      this.#events.push(event);
      this.#bytes += event.bytes.length;
    }
    this.#trim();
  }

  /** The next events after a position, none at the head; undefined when the first of them has been dropped. */
  after(position: bigint): readonly StoredEvent[] | undefined {
    if (position >= this.#head) return [];
    const kept = this.#events.length - this.#dropped;
    const back = this.#head - position;
    if (back > BigInt(kept)) return undefined;
    const start = this.#events.length - Number(back);
    return this.#events.slice(start, start + MAX_BATCH);
  }

  #trim(): void {
    while (this.#bytes > this.#maxBytes) {
      this.#bytes -= this.#events[this.#dropped]?.bytes.length ?? 0;
      this.#dropped += 1;
    }
    // Cutting off at every event would copy the rest each time.
    if (this.#dropped > this.#events.length / 2) {
      this.#events = this.#events.slice(this.#dropped);
      this.#dropped = 0;
    }
  }
}
