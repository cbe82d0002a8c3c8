export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken: string;
}

/** All items of a listing, page after page. @param read is given the token of each page, empty for the first. */
export async function allPages<T>(read: (pageToken: string) => Promise<Page<T>>): Promise<readonly T[]> {
  const all: T[] = [];
  let pageToken = '';
  do {
    const page = await read(pageToken);
    all.push(...page.items);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}
