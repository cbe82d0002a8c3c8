import {
  compareRanks,
  type Cursor,
  formatRank,
  type Page,
  PAGE_ITEM_OVERHEAD_BYTES,
  type PageRequest,
  parseRank,
  type Stored,
} from '@orchestrator/lib';
import type { Row } from './table.ts';

interface Candidates<R extends { readonly stored: Stored<unknown> }> {
  /** What comes after the page's cursor, in the order of the listing. */
  readonly following: readonly R[];
  readonly page: PageRequest;
  readonly cursorOf: (row: R) => Cursor;
}

/** The first of the candidates, as many as the page's size and bytes allow, at least one. */
export function cutPage<T, R extends { readonly stored: Stored<T> }>(candidates: Candidates<R>): Page<T> {
  const { following, page, cursorOf } = candidates;
  const rows: R[] = [];
  let bytes = 0;
  for (const row of following) {
    bytes += row.stored.bytes.length + PAGE_ITEM_OVERHEAD_BYTES;
    if (rows.length >= page.size || (rows.length > 0 && bytes > page.maxBytes)) break;
    rows.push(row);
  }
  const items = rows.map((row) => row.stored);
  const last = rows.at(-1);
  if (last === undefined || rows.length === following.length) return { items };
  return { items, next: cursorOf(last) };
}

/**
 * A page of rows that are in the order of their ranks.
 *
 * @throws OrchestrationError OE0003 for a cursor that is not of such a listing.
 */
export function pageOfRows<T>(rows: readonly Row<T>[], page: PageRequest, { textCount } = { textCount: 1 }): Page<T> {
  const after = parseRank(page.after, textCount);
  const following = after === undefined ? rows : rows.filter((row) => compareRanks(row.rank, after) > 0);
  return cutPage<T, Row<T>>({ following, page, cursorOf: (row) => formatRank(row.rank) });
}
