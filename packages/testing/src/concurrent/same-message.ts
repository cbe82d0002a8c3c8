import { isDeepStrictEqual } from 'node:util';

/** Whether two messages are the same but for the ids of events. NaN is NaN, and 0 is not -0. */
export function isSame(a: unknown, b: unknown): boolean {
  return isDeepStrictEqual(withoutIds(a), withoutIds(b));
}

/** A message without ids of events, which the server chooses, and without what is not set. */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (value instanceof Map) return new Map([...value].map(([name, item]) => [name, withoutIds(item)]));
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  const isEvent = 'eventKind' in value;
  const fields = Object.entries(value).filter(([name, field]) => field !== undefined && !(isEvent && name === 'id'));
  return Object.fromEntries(fields.map(([name, field]) => [name, withoutIds(field)]));
}
