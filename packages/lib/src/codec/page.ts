import { badRequest } from '../errors/orchestration-error.ts';
import { type Encoded, EncodedMessage } from './codec.ts';
import { writeBytes } from './encoding.ts';

/** Where a listing goes on: the order's columns of the last item shown, as text. Its meaning is the adapter's. */
export type Cursor = readonly string[];

/** What a listing asks of the store. */
export interface PageRequest {
  /** Most items, 1 to 10,000. */
  readonly size: number;
  /** Most bytes of all items as they will stand in the answer; one item is returned however large it is. */
  readonly maxBytes: number;
  /** Show what comes after this; absent on the first page. */
  readonly after?: Cursor | undefined;
}

/** One page of a listing; `next` is absent when nothing follows. */
export interface Page<T> {
  readonly items: readonly Encoded<T>[];
  readonly next?: Cursor | undefined;
}

/** Bytes that an item costs in an answer besides its own: tag and length. */
export const PAGE_ITEM_OVERHEAD_BYTES = 6;

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 10_000;
const ITEMS_FIELD = 1;
const NEXT_PAGE_TOKEN_FIELD = 2;
const LENGTH_DELIMITED = 2;

/** A Query request's paging fields, as they come. */
export interface PageParam {
  readonly pageToken: string;
  readonly pageSize: number;
}

/**
 * The page that a Query request asks for. `query` names the listing: a token of another one is refused.
 *
 * @throws OrchestrationError OE0003 for a token that this listing never gave.
 */
export function pageRequest(query: string, param: PageParam, maxBytes: number): PageRequest {
  const size = param.pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(param.pageSize, MAX_PAGE_SIZE);
  if (param.pageToken === '') return { size, maxBytes };
  return { size, maxBytes, after: parsePageToken(query, param.pageToken) };
}

/** The refusal of a page token (OE0003), for adapters that meet a cursor which is not theirs. */
export function badPageToken(): Error {
  return badRequest('the page token is not one that this listing returned');
}

function parsePageToken(query: string, token: string): Cursor {
  let parsed: unknown;
  try {
    const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0));
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw badPageToken();
  }
  if (!Array.isArray(parsed) || !parsed.every((part) => typeof part === 'string')) throw badPageToken();
  const [name, ...cursor] = parsed;
  if (name !== query || cursor.length === 0) throw badPageToken();
  return cursor;
}

function formatPageToken(query: string, cursor: Cursor | undefined): string {
  if (cursor === undefined) return '';
  const bytes = new TextEncoder().encode(JSON.stringify([query, ...cursor]));
  return btoa(String.fromCharCode(...bytes));
}

/**
 * A Query answer in its wire form. All of them have their items in field 1 and `next_page_token` in field 2
 * (a test holds the contract to that), so stored bytes are put together without decoding them.
 */
export function encodePage<T>(query: string, page: Page<unknown>): Encoded<T> {
  const token = formatPageToken(query, page.next);
  const bytes = writeBytes((writer) => {
    for (const item of page.items) writer.tag(ITEMS_FIELD, LENGTH_DELIMITED).bytes(item.bytes);
    if (token !== '') writer.tag(NEXT_PAGE_TOKEN_FIELD, LENGTH_DELIMITED).string(token);
  });
  return new EncodedMessage<T>(bytes);
}
