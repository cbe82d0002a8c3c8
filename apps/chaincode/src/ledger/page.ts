import { type Cursor, type Encoded, type Page, PAGE_ITEM_OVERHEAD_BYTES, type PageRequest } from '@orchestrator/lib';

/**
 * Most candidates that one evaluation looks at. A filter that keeps few of them gives pages that are cut: short ones,
 * even empty ones, with a token. An evaluation stops all commits at its peer, and must not take seconds.
 */
export const MAX_SCANNED_RECORDS = 10_000;

/** The page of a filter that nothing can match. */
export const EMPTY_PAGE: Page<never> = { items: [] };

/** One thing that a listing may show. */
export interface Candidate<T> {
  /** Where the listing goes on behind it. */
  readonly cursor: Cursor;
  /** Gives nothing when the filter does not keep it. */
  readonly load: () => Promise<Encoded<T> | undefined>;
}

/** The first of the candidates, as many as the page's size and bytes allow, at least one. */
export async function cutPage<T>(
  candidates: AsyncIterable<Candidate<T>> | Iterable<Candidate<T>>,
  page: PageRequest,
  maxScanned = MAX_SCANNED_RECORDS,
): Promise<Page<T>> {
  const items: Encoded<T>[] = [];
  let bytes = 0;
  let scanned = 0;
  let last: Cursor | undefined;
  for await (const { cursor, load } of candidates) {
    if (scanned === maxScanned) return { ...next(items, last), isCut: true };
    scanned += 1;
    const item = await load();
    if (item !== undefined) {
      bytes += item.bytes.length + PAGE_ITEM_OVERHEAD_BYTES;
      if (items.length >= page.size || (items.length > 0 && bytes > page.maxBytes)) return next(items, last);
      items.push(item);
    }
    last = cursor;
  }
  return { items };
}

function next<T>(items: readonly Encoded<T>[], cursor: Cursor | undefined): Page<T> {
  return cursor === undefined ? { items } : { items, next: cursor };
}
