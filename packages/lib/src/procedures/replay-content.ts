import type { Procedure } from './procedure.ts';

/**
 * The bytes whose SHA-256 tells whether two requests are the same: the procedure's name and the request encoded
 * again with its maps sorted, since clients write map entries in any order.
 */
export function replayContent(procedure: Procedure, request: unknown): Uint8Array {
  const name = new TextEncoder().encode(`${procedure.service}/${procedure.method}\n`);
  const body = procedure.request.encode(sortMaps(request)).finish();
  const content = new Uint8Array(name.length + body.length);
  content.set(name);
  content.set(body, name.length);
  return content;
}

function compareKeys([a]: [unknown, unknown], [b]: [unknown, unknown]): number {
  return String(a) < String(b) ? -1 : 1;
}

function sortMaps(value: unknown): unknown {
  if (value instanceof Map) {
    const entries: [unknown, unknown][] = [...value].map(([key, entry]) => [key, sortMaps(entry)]);
    return new Map(entries.toSorted(compareKeys));
  }
  if (Array.isArray(value)) return value.map(sortMaps);
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, sortMaps(field)]));
}
