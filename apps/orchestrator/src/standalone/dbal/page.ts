import {
  badPageToken,
  type Cursor,
  isUuid,
  type MessageCodec,
  type Page,
  PAGE_ITEM_OVERHEAD_BYTES,
  type PageRequest,
  Stored,
} from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';

/** One condition of a listing. Parameters are written as `?` in its text: no operator of that name is used here. */
export interface Condition {
  /** Its part of the statement's name. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A listing that is shown in pages. */
export interface Listing {
  /** The statement's name; the names of the conditions are added. */
  readonly name: string;
  /** SELECT … FROM …: the columns of the order, and `bytes`, the stored message. `$1` is the channel's id. */
  readonly rows: string;
  /** The condition that every row meets, beside those of the filter. */
  readonly where: string;
  /** The columns of the order, which are also the cursor. */
  readonly order: string;
  readonly descending?: boolean;
  /** What is returned for `bytes`, and how many bytes longer that is. */
  readonly item?: { readonly text: string; readonly extraBytes: number };
}

/** Which page of a listing is asked for. */
export interface ListingQuery<T> {
  readonly listing: Listing;
  readonly codec: MessageCodec<T>;
  readonly filter: readonly Condition[];
  /** Where to go on; see `afterKey`. */
  readonly after: Condition | undefined;
  readonly page: PageRequest;
}

/** Never many: a listing has one statement per set of conditions, and those are few. */
const statements = new Map<string, Statement>();

const MAX_BIGINT = 2n ** 63n - 1n;
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/;

/**
 * One page in one statement. Each set of conditions has a statement of its own: the generic plan of a prepared
 * statement with `$4 IS NULL OR worker = $4` reads the whole table.
 *
 * The page is cut by bytes in the database, so that nothing travels for nothing, and comes as one row: pg makes objects
 * and strings for each row and column, which cost more than the bytes. The aggregates take the rows in the order of the
 * window. One item more than the page has tells whether there are more.
 */
export async function queryPage<T>(scope: PostgresScope, query: ListingQuery<T>): Promise<Page<T>> {
  const { listing, codec, filter, after, page } = query;
  const conditions = after === undefined ? filter : [...filter, after];
  const values = conditions.flatMap((condition) => condition.values);
  const parameters = [scope.channelId, page.size, page.maxBytes, ...values];
  const [row] = await scope.sql.query(listingStatement(listing, conditions), parameters);
  const [bytes, lengths, found, ...cursor] = row ?? [];
  const items = takeApart(bytes, lengths, page.size).map((item) => new Stored(codec, item));
  return items.length < Number(found) ? { items, next: cursor.map(String) } : { items };
}

/** The page of a filter that nothing can match. */
export const EMPTY_PAGE: Page<never> = { items: [] };

function listingStatement(listing: Listing, conditions: readonly Condition[]): Statement {
  const name = [listing.name, ...conditions.map((condition) => condition.name)].join('_');
  const known = statements.get(name);
  if (known !== undefined) return known;
  const statement = { name, text: listingText(listing, conditions), isBinary: true };
  statements.set(name, statement);
  return statement;
}

function listingText(listing: Listing, conditions: readonly Condition[]): string {
  const { rows, where, order, item } = listing;
  const sorted = listing.descending === true ? order.replaceAll(/,|$/g, ' DESC$&') : order;
  let parameterCount = 3;
  const filter = conditions.map(({ text }) => ` AND ${text.replaceAll('?', () => `$${++parameterCount}`)}`).join('');
  const overhead = PAGE_ITEM_OVERHEAD_BYTES + (item?.extraBytes ?? 0);
  const cursor = order.replaceAll(/[^ ,]+/g, '(array_agg($&))[least(count(*) FILTER (WHERE fits), $2::bigint)]');
  return `
    SELECT string_agg(item, '') FILTER (WHERE fits), string_agg(octet_length(item)::text, ',') FILTER (WHERE fits),
      count(*), ${cursor}
    FROM (
      SELECT ${order}, ${item?.text ?? 'bytes'} AS item,
        size <= $3::bigint OR size = octet_length(bytes) + ${overhead} AS fits
      FROM (
        SELECT *, sum(octet_length(bytes) + ${overhead}) OVER sorted AS size
        FROM (${rows} WHERE ${where}${filter} ORDER BY ${sorted} LIMIT $2::bigint + 1) AS candidates
        WINDOW sorted AS (ORDER BY ${sorted} ROWS UNBOUNDED PRECEDING)
      ) AS measured
    ) AS page`;
}

/** The messages that stand behind each other in `bytes`, at most so many; none when both are null. */
function takeApart(bytes: unknown, lengths: unknown, limit: number): readonly Uint8Array[] {
  if (!(bytes instanceof Uint8Array) || typeof lengths !== 'string') return [];
  let end = 0;
  return lengths.split(',', limit).map((length) => {
    const start = end;
    end += Number(length);
    return bytes.subarray(start, end);
  });
}

/**
 * The condition of the page after an item, in the order of creation then key.
 *
 * @param table the table or alias of the two columns, for listings over several.
 * @throws OrchestrationError OE0003 for a cursor that no such listing returned.
 */
export function afterKey(after: Cursor | undefined, table?: string): Condition | undefined {
  if (after === undefined) return undefined;
  const [created = '', key = ''] = after;
  if (after.length !== 2 || !isBigint(created) || !isUuid(key)) throw badPageToken();
  const prefix = table === undefined ? '' : `${table}.`;
  return { name: 'after', text: `(${prefix}created, ${prefix}key) > (?::bigint, ?::uuid)`, values: [created, key] };
}

/** Whether the text is an integer that PostgreSQL's bigint holds, as it writes it. */
export function isBigint(text: string): boolean {
  if (!INTEGER.test(text)) return false;
  const value = BigInt(text);
  return value <= MAX_BIGINT && value >= -MAX_BIGINT - 1n;
}
