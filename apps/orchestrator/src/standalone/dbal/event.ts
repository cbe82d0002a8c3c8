import {
  badPageToken,
  type Cursor,
  encodeEvent,
  Event,
  type EventDbal,
  type EventFilter,
  type Page,
  type PageRequest,
} from '@orchestrator/lib';
import { byteaArray, instantArray, integerArray, uuidArray } from '../sql/arrays.ts';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { type Condition, isBigint, type Listing, queryPage } from './page.ts';

/** `$2` is the position of the first event, `$3` the instants: they never decrease along the log. */
// The head of the log moves with the log, in the same statement.
const INSERT: Statement = {
  name: 'insert_events',
  text: `
    WITH head AS (UPDATE channels SET position = $2::bigint + cardinality($4::uuid[]) - 1, instant = ($3::bigint[])[cardinality($3::bigint[])] WHERE id = $1)
    INSERT INTO events (channel, position, instant, id, asset_kind, event_kind, asset_key, metadata, event)
    SELECT $1, $2::bigint + place - 1, instant, id, asset_kind, event_kind, asset_key, metadata::jsonb, event
    FROM unnest($3::bigint[], $4::uuid[], $5::smallint[], $6::smallint[], $7::text[], $8::text[], $9::bytea[])
      WITH ORDINALITY AS new (instant, id, asset_kind, event_kind, asset_key, metadata, event, place)`,
};

const ASCENDING: Listing = {
  name: 'query_events',
  rows: 'SELECT position, event AS bytes FROM events',
  where: 'channel = $1',
  order: 'position',
};

const DESCENDING: Listing = { ...ASCENDING, name: 'query_events_descending', descending: true };

const REASON = 'reason';

/**
 * Instants never decrease along the log, so a bound of time is a bound of the position, which every index here has
 * behind its own column: the order stays the index's whatever else is filtered by.
 */
function timeConditions({ start, end }: EventFilter): readonly Condition[] {
  const conditions: Condition[] = [];
  if (start !== undefined) {
    const first = 'SELECT position FROM events WHERE channel = $1 AND instant >= ? ORDER BY instant, position LIMIT 1';
    conditions.push({ name: 'start', text: `position >= (${first})`, values: [start] });
  }
  if (end !== undefined) {
    const last =
      'SELECT position FROM events WHERE channel = $1 AND instant <= ? ORDER BY instant DESC, position DESC LIMIT 1';
    conditions.push({ name: 'end', text: `position <= (${last})`, values: [end] });
  }
  return conditions;
}

function toJson(metadata: ReadonlyMap<string, string>): string | null {
  return metadata.size === 0 ? null : JSON.stringify(Object.fromEntries(metadata));
}

/** Containment decides; the other condition says which of the two indexes on metadata finds the candidates in order. */
function metadataConditions(metadata: ReadonlyMap<string, string> | undefined): readonly Condition[] {
  if (metadata === undefined || metadata.size === 0) return [];
  const contained = 'metadata @> ?::jsonb';
  const reason = metadata.get(REASON);
  if (reason === undefined) {
    return [{ name: 'metadata', text: `metadata - 'reason' <> '{}' AND ${contained}`, values: [toJson(metadata)] }];
  }
  const sameHash = "hashtextextended(metadata ->> 'reason', 0) = hashtextextended(?, 0)";
  return [{ name: REASON, text: `${sameHash} AND ${contained}`, values: [reason, toJson(metadata)] }];
}

function filterConditions(filter: EventFilter): readonly Condition[] {
  const { assetKey, assetKind, eventKind, metadata } = filter;
  const conditions: Condition[] = [];
  if (assetKey !== undefined) conditions.push({ name: 'key', text: 'asset_key = ?', values: [assetKey] });
  if (assetKind !== undefined) conditions.push({ name: 'kind', text: 'asset_kind = ?', values: [assetKind] });
  if (eventKind !== undefined) conditions.push({ name: 'change', text: 'event_kind = ?', values: [eventKind] });
  return [...conditions, ...metadataConditions(metadata), ...timeConditions(filter)];
}

function afterPosition(after: Cursor | undefined, descending: boolean): Condition | undefined {
  if (after === undefined) return undefined;
  const [position = ''] = after;
  if (after.length !== 1 || !isBigint(position)) throw badPageToken();
  return { name: 'after', text: `position ${descending ? '<' : '>'} ?::bigint`, values: [position] };
}

export class PostgresEventDbal implements EventDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  addEvents(events: readonly Event[]): void {
    if (events.length === 0) return;
    const { sql, channelId } = this.#scope;
    const first = this.#scope.takePositions(events.length);
    const encoded = events.map(encodeEvent);
    sql.send(INSERT, [
      channelId,
      first,
      instantArray(events.map(({ timestamp }) => timestamp)),
      uuidArray(events.map(({ id }) => id)),
      integerArray(events.map(({ assetKind }) => assetKind)),
      integerArray(events.map(({ eventKind }) => eventKind)),
      events.map(({ assetKey }) => assetKey),
      events.map(({ metadata }) => toJson(metadata)),
      byteaArray(encoded),
    ]);
    this.#scope.onEvents?.(encoded.map((bytes, index) => ({ position: first + BigInt(index), bytes })));
  }

  async queryEvents(filter: EventFilter, descending: boolean, page: PageRequest): Promise<Page<Event>> {
    return queryPage(this.#scope, {
      listing: descending ? DESCENDING : ASCENDING,
      codec: Event,
      filter: filterConditions(filter),
      after: afterPosition(page.after, descending),
      page,
    });
  }
}
