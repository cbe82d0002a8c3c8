import {
  AssetKind,
  badPageToken,
  type Cursor,
  enumName,
  Event,
  type EventDbal,
  type EventFilter,
  EventKind,
  formatStored,
  type Page,
  type PageRequest,
  parseInstant,
  parseStored,
  Stored,
} from '@orchestrator/lib';
import { groupByInstant, parseEntry, type ScannedEntry, scanIndex } from './index-scan.ts';
import { type EntryPlace, entryKey, indexPrefix, indexRange, invertInstant, parseEntryKey } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { type Candidate, cutPage } from './page.ts';

/** The events themselves, one value for each transaction, or several chunks. */
const EVENTS = indexPrefix('event');
/** The same places with inverted instants: ranges are ascending only. */
const LATEST = indexPrefix('latest');
/** A chunk has 64 KiB, but a single event may have 4 MiB: a page of such ones still fits into a message. */
const PAGE_SIZE = 20;
const TX_ID = /^[0-9A-Za-z_-]{1,128}$/;
const INDEX = /^(?:0|[1-9]\d{0,9})$/;

/** The place of one event in the log. */
interface Position extends EntryPlace {
  readonly index: number;
}

/** Where a transaction's events are. */
interface ChunkedPlace extends EntryPlace {
  readonly chunks: number;
}

/** An event as it is stored, in the names of the contract. */
interface EventObject {
  readonly asset_key: string;
  readonly asset_kind: string;
  readonly event_kind: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export class LedgerEventDbal implements EventDbal {
  readonly #transaction: LedgerTransaction;
  readonly #onEvents: (texts: readonly string[]) => void;

  /** @param onEvents is told the events' JSON texts, for the chaincode event. */
  constructor(transaction: LedgerTransaction, onEvents: (texts: readonly string[]) => void) {
    this.#transaction = transaction;
    this.#onEvents = onEvents;
  }

  addEvents(events: readonly Event[]): void {
    if (events.length === 0) return;
    const { instant, txId } = this.#transaction;
    const texts = events.map((event) => formatStored('Event', Event.encode(event).finish()));
    const chunks = this.#transaction.append(EVENTS, texts, 'events');
    this.#transaction.put(entryKey(LATEST, { instant: invertInstant(instant), txId }), `{"chunks":${chunks},"doc_type":"index"}`);
    this.#onEvents(texts);
  }

  async queryEvents(filter: EventFilter, descending: boolean, page: PageRequest): Promise<Page<Event>> {
    const after = parsePosition(page.after);
    await this.#transaction.settled();
    const candidates = descending ? this.#descending(filter, after) : this.#ascending(filter, after);
    return cutPage(candidates, page);
  }

  async *#ascending(filter: EventFilter, after?: Position): AsyncGenerator<Candidate<Event>, void, undefined> {
    const from = latestOf(filter.start, after?.instant);
    for await (const { instant, txId, first, items } of scanIndex(this.#transaction, EVENTS, { from, maxPageSize: PAGE_SIZE })) {
      if (filter.end !== undefined && instant > filter.end) return;
      for (const [index, item] of items.entries()) {
        const position = { instant, txId, index: first + index };
        if (after === undefined || comparePositions(position, after) > 0) yield candidate(position, item, filter);
      }
    }
  }

  async *#descending(filter: EventFilter, after?: Position): AsyncGenerator<Candidate<Event>, void, undefined> {
    const from = earliestOf(filter.end, after?.instant);
    if (from !== undefined && from < 0n) return;
    // Transactions of one instant: the last one first.
    for await (const group of groupByInstant(this.#latestPlaces(from))) {
      if (filter.start !== undefined && group[0].instant < filter.start) return;
      for (const place of group.toReversed()) {
        for (let chunk = place.chunks - 1; chunk >= 0; chunk -= 1) {
          const { first, items } = await this.#chunkAt(place, chunk);
          for (let index = items.length - 1; index >= 0; index -= 1) {
            const position = { instant: place.instant, txId: place.txId, index: first + index };
            if (after === undefined || comparePositions(position, after) < 0) yield candidate(position, items[index], filter);
          }
        }
      }
    }
  }

  async *#latestPlaces(from: bigint | undefined): AsyncGenerator<ChunkedPlace, void, undefined> {
    const { start, end } = indexRange(LATEST, from === undefined ? undefined : invertInstant(from));
    for await (const { key, text } of this.#transaction.scan(start, end)) {
      const { instant, txId } = parseEntryKey(key);
      const { chunks } = JSON.parse(text) as { readonly chunks: number };
      yield { instant: invertInstant(instant), txId, chunks };
    }
  }

  async #chunkAt(place: EntryPlace, chunk: number): Promise<ScannedEntry> {
    const key = entryKey(EVENTS, place, chunk);
    const text = await this.#transaction.get(key);
    if (text === undefined) throw new Error(`the event log has a hole at ${key}`);
    return parseEntry(key, text);
  }
}

function candidate(position: Position, item: unknown, filter: EventFilter): Candidate<Event> {
  return {
    cursor: [String(position.instant), position.txId, String(position.index)],
    load: async () => {
      if (!matches(item as EventObject, filter)) return undefined;
      return new Stored(Event, parseStored('Event', item));
    },
  };
}

function matches(event: EventObject, { assetKey, assetKind, eventKind, metadata }: EventFilter): boolean {
  return (
    (assetKey === undefined || event.asset_key === assetKey) &&
    (assetKind === undefined || event.asset_kind === enumName(AssetKind, assetKind)) &&
    (eventKind === undefined || event.event_kind === enumName(EventKind, eventKind)) &&
    [...(metadata ?? [])].every(([name, value]) => Object.hasOwn(event.metadata, name) && event.metadata[name] === value)
  );
}

function comparePositions(a: Position, b: Position): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1;
  if (a.txId !== b.txId) return a.txId < b.txId ? -1 : 1;
  return a.index - b.index;
}

/** @throws OrchestrationError OE0003 for a cursor that the event log never gave. */
function parsePosition(cursor: Cursor | undefined): Position | undefined {
  if (cursor === undefined) return undefined;
  const [instant = '', txId = '', index = '', ...rest] = cursor;
  if (rest.length > 0 || !TX_ID.test(txId) || !INDEX.test(index)) throw badPageToken();
  return { instant: parseInstant(instant), txId, index: Number(index) };
}

function latestOf(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a > b ? a : b;
}

function earliestOf(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a < b ? a : b;
}
