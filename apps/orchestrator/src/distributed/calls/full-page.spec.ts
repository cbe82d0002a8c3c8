import { ComputePlan, encodePage, pageRequest, type PageParam, QueryPlansResponse, Stored } from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { type PageReader, readFullPage } from './full-page.ts';

const QUERY = 'QueryPlans';

interface Listing {
  /** What a filter keeps, by place. */
  readonly kept: readonly boolean[];
  /** Most places that are looked at for one page. */
  readonly maxScanned: number;
  /** Length of each item's name. */
  readonly nameLength?: number;
}

/** Reads pages as the chaincode makes them. */
function readerOf({ kept, maxScanned, nameLength = 1 }: Listing): PageReader['read'] & { readonly reads: number } {
  const counts = { reads: 0 };
  const read = (request: PageParam): Promise<Uint8Array> => {
    counts.reads += 1;
    const { size, after } = pageRequest(QUERY, request, 0);
    const items: Stored<ComputePlan>[] = [];
    const first = after === undefined ? 0 : Number(after[0]) + 1;
    for (let place = first; place < kept.length; place += 1) {
      const next = [String(place - 1)];
      if (place === first + maxScanned) return Promise.resolve(encodePage(QUERY, { items, next, isCut: true }).bytes);
      if (kept[place] !== true) continue;
      if (items.length === size) return Promise.resolve(encodePage(QUERY, { items, next }).bytes);
      items.push(Stored.of(ComputePlan, ComputePlan.fromPartial({ key: String(place), name: 'n'.repeat(nameLength) })));
    }
    return Promise.resolve(encodePage(QUERY, { items }).bytes);
  };
  return Object.defineProperty(read, 'reads', { get: () => counts.reads }) as PageReader['read'] & { readonly reads: number };
}

async function pagesOf(read: (request: PageParam) => Promise<Uint8Array>, pageSize: number): Promise<readonly (readonly string[])[]> {
  const pages: (readonly string[])[] = [];
  let pageToken = '';
  do {
    const answer = QueryPlansResponse.decode(await read({ pageToken, pageSize }));
    pages.push(answer.plans.map(({ key }) => key));
    pageToken = answer.nextPageToken;
  } while (pageToken !== '');
  return pages;
}

const isLate = (): boolean => false;

describe('a page that the chaincode cuts', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => seed))('is the page of a store that looks at everything (seed %d)', async (seed) => {
    const random = createRandom(seed);
    const percent = random.pick([0, 1, 10, 50, 100]);
    const kept = Array.from({ length: random.below(60) }, () => random.chance(percent));
    const pageSize = 1 + random.below(8);
    const cut = readerOf({ kept, maxScanned: 1 + random.below(9) });
    const whole = await pagesOf(readerOf({ kept, maxScanned: Infinity }), pageSize);
    expect(await pagesOf((request) => readFullPage({ request, read: cut, isLate }), pageSize)).toEqual(whole);
  });

  it('stays within what clients take', async () => {
    const read = readerOf({ kept: [true, true, true], maxScanned: 2, nameLength: 1_500_000 });
    const pages = await pagesOf((request) => readFullPage({ request, read, isLate }), 10);
    expect(pages).toEqual([['0', '1'], ['2']]);
  });

  it('stays short when there is no time, and its token goes on', async () => {
    const read = readerOf({ kept: [false, false, true], maxScanned: 1 });
    const pages = await pagesOf((request) => readFullPage({ request, read, isLate: () => true }), 10);
    expect(pages).toEqual([[], [], ['2']]);
  });

  it('stays short when the ledger is out of reach, and fails as reading does otherwise', async () => {
    const read = readerOf({ kept: [true, false, true], maxScanned: 1 });
    const failing = (error: Error) => (request: PageParam) => (request.pageToken === '' ? read(request) : Promise.reject(error));
    const request = { pageToken: '', pageSize: 10 };
    const answer = await readFullPage({ request, read: failing(new UnavailableError('away')), isLate });
    expect(QueryPlansResponse.decode(answer).plans.map(({ key }) => key)).toEqual(['0']);
    await expect(readFullPage({ request, read: failing(new Error('odd')), isLate })).rejects.toThrow('odd');
  });

  it('costs nothing where it is not cut', async () => {
    const read = readerOf({ kept: [true, true, true], maxScanned: 100 });
    await readFullPage({ request: { pageToken: '', pageSize: 2 }, read, isLate });
    expect(read.reads).toBe(1);
  });
});
