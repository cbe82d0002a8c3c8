/** What a state database does to keys and values; LevelDB does nothing. */
export interface StateRules {
  /** @throws Error in Fabric's words for what the database does not take. */
  readonly check: (key: string, value: Uint8Array | undefined) => void;
  /** The value as it is read back. */
  readonly stored: (value: Uint8Array) => Uint8Array;
  /** The bookmark after the last page of a range that ends before this key. */
  readonly lastBookmark: (end: string) => string;
  /** Why a rich query is refused. */
  readonly queryRefusal: string;
}

/** LevelDB takes every key and value as it is. */
export const levelDbRules: StateRules = {
  check: () => undefined,
  stored: (value) => value,
  lastBookmark: () => '',
  queryRefusal: 'ExecuteQuery not supported for leveldb',
};

/**
 * CouchDB keeps a value that is a JSON object as a document: it comes back with sorted names, without white space, its
 * numbers as doubles. Fabric's cache may still give it as it was written; here it never does, so that nothing relies on it.
 */
export const couchDbRules: StateRules = {
  check: (key, value) => {
    if (key.startsWith('_')) throw new Error(`invalid key [${key}], cannot begin with "_"`);
    if (key === '') throw new Error('invalid key. Empty string is not supported as a key by couchdb');
    const reserved = Object.keys(readObject(value) ?? {}).find((name) => name === '~version' || name.startsWith('_'));
    if (reserved !== undefined) throw new Error(`field [${reserved}] is not valid for the CouchDB state database`);
  },
  stored: (value) => {
    const object = readObject(value);
    return object === undefined ? value : Buffer.from(writeSorted(object));
  },
  // The key as it was written into the query: the bookmark of a scan of composite keys is no key any more.
  lastBookmark: (end) => JSON.stringify(end).slice(1, -1),
  queryRefusal: 'the development ledger runs no rich queries',
};

const BRACE = 0x7b;
const ESCAPED = /[<>&\u2028\u2029]/g;

function readObject(value: Uint8Array | undefined): object | undefined {
  // White space before the brace is rare, and parsing every binary value is dear.
  if (value === undefined || !value.subarray(0, 64).includes(BRACE)) return undefined;
  try {
    const parsed = JSON.parse(Buffer.from(value).toString()) as unknown;
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** As Go writes JSON: names sorted by their bytes, and characters that mean something in HTML escaped. */
function writeSorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(writeSorted).join(',')}]`;
  if (typeof value !== 'object' || value === null) return escapeHtml(JSON.stringify(value));
  const fields = Object.entries(value).toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return `{${fields.map(([name, field]) => `${escapeHtml(JSON.stringify(name))}:${writeSorted(field)}`).join(',')}}`;
}

function escapeHtml(text: string): string {
  return text.replaceAll(ESCAPED, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
