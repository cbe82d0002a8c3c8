import { describe, expect, it } from 'vitest';
import { orderKey, SortedMap } from './sorted-map.ts';

function keysFrom<V>(map: SortedMap<V>, start: string): string[] {
  const next = map.walk(start);
  const keys: string[] = [];
  for (let found = next(); found !== undefined; found = next()) keys.push(found[0]);
  return keys;
}

it('orders keys by their UTF-8 bytes', () => {
  const keys = ['\u{1f600}', '\uffee', '\u007f', '\u0080', 'é', 'a', 'A', 'ab', '', '\u0000', '~', '\ue000'];
  const byBytes = keys.toSorted((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
  expect(keys.toSorted((x, y) => (orderKey(x) < orderKey(y) ? -1 : 1))).toEqual(byBytes);
});

describe('SortedMap', () => {
  // The same keys every time: a multiplicative walk over the numbers below 5,003, a prime.
  const shuffled = Array.from({ length: 5_002 }, (_, index) => `k${String(((index + 1) * 1_234) % 5_003).padStart(5, '0')}`);

  it('walks in order whatever the order of insertion, over many blocks', () => {
    const map = new SortedMap<number>();
    shuffled.forEach((key, index) => map.set(key, index));
    expect(map.size).toBe(5_002);
    expect(keysFrom(map, '')).toEqual(shuffled.toSorted());
    expect(keysFrom(map, 'k02500x')).toEqual(shuffled.filter((key) => key > 'k02500x').toSorted());
    expect(keysFrom(map, 'z')).toEqual([]);
  });

  it('forgets what is deleted', () => {
    const map = new SortedMap<number>();
    shuffled.forEach((key, index) => map.set(key, index));
    const [even, odd] = [
      shuffled.filter((key) => Number(key.slice(1)) % 2 === 0),
      shuffled.filter((key) => Number(key.slice(1)) % 2 === 1),
    ];
    for (const key of even) expect(map.delete(key)).toBe(true);
    expect(map.delete('k00002')).toBe(false);
    expect(keysFrom(map, '')).toEqual(odd.toSorted());
    for (const key of odd) map.delete(key);
    expect([map.size, keysFrom(map, '')]).toEqual([0, []]);
    map.set('again', 1);
    expect(keysFrom(map, '')).toEqual(['again']);
  });

  it('notices during a walk what comes and goes', () => {
    const map = new SortedMap<number>();
    for (const key of ['a', 'c', 'e', 'g']) map.set(key, 0);
    const next = map.walk('a');
    expect([next()?.[0], next()?.[0]]).toEqual(['a', 'c']);
    map.set('b', 1);
    map.set('d', 1);
    map.delete('e');
    map.delete('c');
    expect([next()?.[0], next()?.[0], next()]).toEqual(['d', 'g', undefined]);
  });

  it('keeps one value per key', () => {
    const map = new SortedMap<number>();
    map.set('a', 1);
    map.set('a', 2);
    expect([map.get('a'), map.size, map.has('b')]).toEqual([2, 1, false]);
  });
});
