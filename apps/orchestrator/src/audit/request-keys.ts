/** More would make lines that log shippers cut; the count says how many there were. */
const MAX_KEYS = 200;

/** A key in a request is a UUID; whatever else stands there is cut. */
const MAX_KEY_LENGTH = 64;

/** The assets that a request is about. */
export interface RequestKeys {
  readonly keys: readonly string[];
  /** With those that are left out. */
  readonly keyCount: number;
}

/**
 * Finds the keys of the assets that a request names: of each asset its own key, and where it has none the keys of what
 * it belongs to.
 */
export function keysOf(request: unknown): RequestKeys {
  const keys: string[] = [];
  collect(request, keys);
  return { keys: keys.slice(0, MAX_KEYS).map((key) => key.slice(0, MAX_KEY_LENGTH)), keyCount: keys.length };
}

function collect(value: unknown, keys: string[]): void {
  if (Array.isArray(value)) for (const item of value as readonly unknown[]) collect(item, keys);
  else if (typeof value === 'object' && value !== null) collectFields(Object.entries(value), keys);
}

function collectFields(fields: readonly (readonly [string, unknown])[], keys: string[]): void {
  const own = fields.filter(([name]) => name === 'key' || name === 'keys');
  const named = own.length > 0 ? own : fields.filter(([name]) => /Keys?$/.test(name));
  for (const text of named.flatMap(([, field]) => field)) if (typeof text === 'string' && text !== '') keys.push(text);
  if (own.length > 0) return;
  // What lists assets: the tasks, models and samples of a batch, and the filter of a query.
  for (const [name, field] of fields) if (Array.isArray(field) || name === 'filter') collect(field, keys);
}
