import { Joined, type Schedule } from './joined.ts';

/** The stored things of those keys that exist, by key. */
export type LookUp<T> = (keys: readonly string[]) => Promise<ReadonlyMap<string, T>>;

/** A look-up by keys, joined with those that others make at the same time; each gets what it asked for. */
export function joinLookUp<T>(lookUp: LookUp<T>, schedule: Schedule): LookUp<T> {
  const joined = new Joined<readonly string[], ReadonlyMap<string, T>>({
    answer: (questions) => lookUp(distinct(questions)),
    sizeOf: ({ length }) => length,
    schedule,
  });
  return async (keys) => only(await joined.ask(keys), keys);
}

/** Each entry of several lists once. */
export function distinct<T>(lists: readonly (readonly T[])[]): readonly T[] {
  return [...new Set(lists.flat())];
}

/** The entries of those keys that are there. */
export function only<T>(all: ReadonlyMap<string, T>, keys: readonly string[]): ReadonlyMap<string, T> {
  const own = new Map<string, T>();
  for (const key of keys) {
    const value = all.get(key);
    if (value !== undefined) own.set(key, value);
  }
  return own;
}
