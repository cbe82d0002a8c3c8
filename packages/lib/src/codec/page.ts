import { BinaryReader } from '@bufbuild/protobuf/wire';
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
  /** The store stopped looking before the page was full: more may follow, or nothing. Whoever answers clients goes on. */
  readonly isCut?: boolean | undefined;
}

/** Bytes that an item costs in an answer besides its own: tag and length. */
export const PAGE_ITEM_OVERHEAD_BYTES = 6;

const DEFAULT_PAGE_SIZE = 50;
const MAX_PAGE_SIZE = 10_000;
const ITEMS_FIELD = 1;
const NEXT_PAGE_TOKEN_FIELD = 2;
const LENGTH_DELIMITED = 2;
/** Behind the listing's name in the token of a page that was cut. */
const CUT_MARK = '*';

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
  const size = pageSizeOf(param);
  if (param.pageToken === '') return { size, maxBytes };
  return { size, maxBytes, after: parsePageToken(query, param.pageToken) };
}

/** The refusal of a page token (OE0003), for adapters that meet a cursor which is not theirs. */
export function badPageToken(): Error {
  return badRequest('the page token is not one that this listing returned');
}

function parsePageToken(query: string, token: string): Cursor {
  const [name, ...cursor] = partsOf(token) ?? [];
  if ((name !== query && name !== query + CUT_MARK) || cursor.length === 0) throw badPageToken();
  return cursor;
}

/** What a token is made of; undefined for a text that is none. */
function partsOf(token: string): readonly string[] | undefined {
  try {
    const bytes = Uint8Array.from(atob(token), (char) => char.charCodeAt(0));
    const parsed: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(parsed) && parsed.every((part) => typeof part === 'string') ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function formatPageToken(query: string, { next, isCut = false }: Page<unknown>): string {
  if (next === undefined) return '';
  const bytes = new TextEncoder().encode(JSON.stringify([isCut ? query + CUT_MARK : query, ...next]));
  return btoa(String.fromCharCode(...bytes));
}

/**
 * A Query answer in its wire form. All of them have their items in field 1 and `next_page_token` in field 2
 * (a test holds the contract to that), so stored bytes are put together without decoding them.
 */
export function encodePage<T>(query: string, page: Page<unknown>): Encoded<T> {
  const token = formatPageToken(query, page);
  const bytes = writeBytes((writer) => {
    for (const item of page.items) writer.tag(ITEMS_FIELD, LENGTH_DELIMITED).bytes(item.bytes);
    if (token !== '') writer.tag(NEXT_PAGE_TOKEN_FIELD, LENGTH_DELIMITED).string(token);
  });
  return new EncodedMessage<T>(bytes);
}

/** A Query answer in its wire form, taken apart. */
export interface EncodedPage {
  /** The wire form without the token: behind it stands whatever follows in the listing. */
  readonly items: Uint8Array;
  readonly itemCount: number;
  readonly nextPageToken: string;
  /** See {@link Page.isCut}. */
  readonly isCut: boolean;
}

/** Takes a Query answer apart that {@link encodePage} or its codec wrote. */
export function takePageApart(answer: Uint8Array): EncodedPage {
  const reader = new BinaryReader(answer);
  let [itemCount, end] = [0, 0];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (field !== ITEMS_FIELD) break;
    reader.skip(type);
    itemCount += 1;
    end = reader.pos;
  }
  const nextPageToken = end < answer.length ? reader.string() : '';
  const isCut = partsOf(nextPageToken)?.[0]?.endsWith(CUT_MARK) === true;
  return { items: answer.subarray(0, end), itemCount, nextPageToken, isCut };
}

/** How many items a Query request asks for. */
export function pageSizeOf({ pageSize }: PageParam): number {
  return pageSize === 0 ? DEFAULT_PAGE_SIZE : Math.min(pageSize, MAX_PAGE_SIZE);
}
