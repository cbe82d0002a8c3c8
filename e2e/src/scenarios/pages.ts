import { assert } from '../assert.ts';
import type { Caller } from '../client.ts';
import type { Method, RequestOf } from '../methods.ts';

type Listing = Extract<Method, `Query${string}s`>;

/** Reads a listing page by page to its end. */
export async function readPages<M extends Listing>(
  caller: Caller,
  method: M,
  request: RequestOf<M>,
): Promise<unknown[][]> {
  const pages: unknown[][] = [];
  const tokens = new Set<string>();
  let pageToken = '';
  do {
    const { nextPageToken, ...answer } = await caller.call(method, { ...request, pageToken } as RequestOf<M>);
    // The list of items is the only other field of every answer.
    pages.push(Object.values(answer)[0] as unknown[]);
    assert.ok(!tokens.has(nextPageToken), 'a page token came twice');
    tokens.add(nextPageToken);
    pageToken = nextPageToken;
  } while (pageToken !== '');
  return pages;
}

/** All items of a listing. */
export async function readAll<M extends Listing>(caller: Caller, method: M, request: RequestOf<M>): Promise<unknown[]> {
  return (await readPages(caller, method, request)).flat();
}
