import { pageSizeOf, type PageParam, takePageApart } from '@orchestrator/lib';
import { UnavailableError } from '../../errors.ts';

/** Most bytes of a page, as the chaincode has it: what clients take unless they are told otherwise. */
const MAX_PAGE_BYTES = 4 * 1024 * 1024 - 1024;

export interface PageReader {
  readonly request: PageParam;
  /** Reads a page of the same listing, in its wire form. */
  readonly read: (request: PageParam) => Promise<Uint8Array>;
  /** Whether there is no time to read on. */
  readonly isLate: () => boolean;
}

/** Whether a request is one for a page of a listing. */
export function isPageParam(request: unknown): request is PageParam {
  return typeof request === 'object' && request !== null && 'pageToken' in request && 'pageSize' in request;
}

/**
 * Reads on where the chaincode cut a page, as it looks at a limited number of candidates at a time, until the page is
 * full and it is known whether anything follows. Without the time for that the page stays short, with a token.
 *
 * @returns the page in its wire form.
 * @throws what `read` throws, as long as there is no page.
 */
export async function readFullPage(reader: PageReader): Promise<Uint8Array> {
  const { request } = reader;
  const size = pageSizeOf(request);
  let answer = await reader.read(request);
  for (let page = takePageApart(answer); page.isCut && !reader.isLate(); page = takePageApart(answer)) {
    // A full page is only asked whether another item follows.
    const pageSize = Math.max(1, size - page.itemCount);
    const following = await readOn(reader, { ...request, pageToken: page.nextPageToken, pageSize });
    if (following === undefined) return answer;
    const next = takePageApart(following);
    const isFull = page.itemCount >= size || page.items.length + next.items.length > MAX_PAGE_BYTES;
    // Its token stands behind the last item, and is as good as one that is not cut.
    if (isFull && page.itemCount > 0 && next.itemCount > 0) return answer;
    answer = Buffer.concat([page.items, following]);
  }
  return answer;
}

/** @returns the page, or nothing while the ledger is out of reach: what there is can be answered. */
async function readOn({ read }: PageReader, request: PageParam): Promise<Uint8Array | undefined> {
  try {
    return await read(request);
  } catch (error) {
    if (error instanceof UnavailableError) return undefined;
    throw error;
  }
}
