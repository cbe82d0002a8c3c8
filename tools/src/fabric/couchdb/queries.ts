import { type Database, render, type StoredDocument } from './database.ts';
import { integerOf, isList, isObject, type JsonObject, type JsonValue, textOf } from './json-text.ts';
import { compareTexts, compareValues } from './order.ts';
import { at, matches, project } from './selector.ts';

const DEFAULT_LIMIT = 25;
/** Bookmarks are positions in the whole result: it is found anew for each page. */
const bookmarkPattern = /^at(\d+)$/;
/** CouchDB's bookmark where there is nothing more. */
const noBookmark = 'nil';

/** Which documents `_all_docs` is asked for, by their ids. */
export interface Range {
  readonly start: string;
  /** Empty for no end. */
  readonly end: string;
  readonly includesEnd: boolean;
  readonly limit: number;
}

/** The documents of a range of ids, in their order. */
export function* documentsIn(database: Database, { start, end, includesEnd, limit }: Range): Iterable<StoredDocument> {
  let count = 0;
  for (const document of database.from(start)) {
    const distance = end === '' ? -1 : compareTexts(document.id, end);
    if (count === limit || distance > 0 || (distance === 0 && !includesEnd)) return;
    count += 1;
    yield document;
  }
}

/** Answers `_find`: every document is looked at, whatever indexes are named. @throws Error for an unknown operator. */
export function find(database: Database, query: JsonObject): JsonObject {
  const selector = query['selector'] ?? {};
  const hits = [...database.all()].filter(({ fields }) => matches(selector, fields));
  hits.sort(comparison(query['sort']));
  const bookmark = bookmarkPattern.exec(textOf(query['bookmark']));
  const start = (integerOf(query['skip']) ?? 0) + Number(bookmark?.[1] ?? 0);
  const page = hits.slice(start, start + (integerOf(query['limit']) ?? DEFAULT_LIMIT));
  const fields = isList(query['fields']) ? query['fields'].map(textOf) : [];
  const documents = page.map((document) => render(document, false));
  return {
    docs: fields.length === 0 ? documents : documents.map((document) => project(document, fields)),
    bookmark: page.length === 0 ? noBookmark : `at${start + page.length}`,
  };
}

/** @param sort a list of names, or of objects from a name to `asc` or `desc`. */
function comparison(sort: JsonValue | undefined): (a: StoredDocument, b: StoredDocument) => number {
  const keys = (isList(sort) ? sort : []).flatMap((one): readonly (readonly [string, JsonValue])[] =>
    isObject(one) ? Object.entries(one) : [[textOf(one), 'asc']],
  );
  return (a, b) => {
    for (const [name, direction] of keys) {
      const difference = compareValues(at(a.fields, name), at(b.fields, name)) ?? 0;
      if (difference !== 0) return direction === 'desc' ? -difference : difference;
    }
    return compareTexts(a.id, b.id);
  };
}
