import { cursorAfter, cursorKey, type LedgerCursor, type LedgerEvent } from './ledger-event.ts';

interface Entry {
  readonly events: readonly LedgerEvent[];
  readonly keys: readonly string[];
  readonly bytes: number;
}

/** Pages of old events that were read last: who starts near another one goes on with that one's pages. */
export class PageCache {
  readonly #maxBytes: number;
  /** The last one used is the last one here. */
  readonly #entries = new Set<Entry>();
  /** Every place in a page with events behind it. */
  readonly #places = new Map<string, { readonly entry: Entry; readonly start: number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param events what follows a place. */
  add(cursor: LedgerCursor, events: readonly LedgerEvent[]): void {
    const places = [cursor, ...events.slice(0, -1).map(cursorAfter)].map(cursorKey);
    const entry: Entry = { events, keys: places, bytes: events.reduce((sum, event) => sum + event.bytes.length, 0) };
    this.#entries.add(entry);
    this.#bytes += entry.bytes;
    for (const [start, key] of places.entries()) this.#places.set(key, { entry, start });
    for (const oldest of this.#entries) {
      if (this.#bytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
  }

  /** Whether it is known what follows a place. */
  has(cursor: LedgerCursor): boolean {
    return this.#places.has(cursorKey(cursor));
  }

  /** What follows a place, at least one event; undefined when that is not known. */
  after(cursor: LedgerCursor): readonly LedgerEvent[] | undefined {
    const place = this.#places.get(cursorKey(cursor));
    if (place === undefined) return undefined;
    this.#entries.delete(place.entry);
    this.#entries.add(place.entry);
    return place.start === 0 ? place.entry.events : place.entry.events.slice(place.start);
  }

  #remove(entry: Entry): void {
    this.#entries.delete(entry);
    this.#bytes -= entry.bytes;
    // Another page may have taken a place over.
    for (const key of entry.keys) if (this.#places.get(key)?.entry === entry) this.#places.delete(key);
  }
}
