import {
  compareRanks,
  creationInstant,
  formatRank,
  type Page,
  type PageRequest,
  parseRank,
  type Rank,
  type Stored,
  type Timestamp,
} from '@orchestrator/lib';
import { cutPage } from './page.ts';

interface Dated {
  readonly key: string;
  readonly creationDate?: Timestamp | undefined;
}

/** The stored assets by creation date then key. */
export function inOrderOfCreation<T extends Dated>(assets: Iterable<Stored<T>>): { readonly rank: Rank; readonly stored: Stored<T> }[] {
  const ranked = Array.from(assets, (stored) => {
    return { rank: { instant: creationInstant(stored.value), texts: [stored.value.key] }, stored };
  });
  return ranked.toSorted((a, b) => compareRanks(a.rank, b.rank));
}

/**
 * A page of assets that were chosen by key, not found by an index.
 *
 * @throws OrchestrationError OE0003 for a cursor that is not of such a listing.
 */
export function pageOfChosen<T extends Dated>(
  load: () => Promise<ReadonlyMap<string, Stored<T>>>,
  page: PageRequest,
): Promise<Page<T>> {
  const after = parseRank(page.after);
  return load().then((found) => {
    const following = inOrderOfCreation(found.values()).filter(({ rank }) => after === undefined || compareRanks(rank, after) > 0);
    const candidates = following.map(({ rank, stored }) => ({ cursor: formatRank(rank), load: async () => stored }));
    return cutPage(candidates, page, Infinity);
  });
}
