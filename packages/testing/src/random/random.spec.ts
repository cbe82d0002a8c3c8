import { describe, expect, it } from 'vitest';
import { createRandom } from './random.ts';

describe('a seeded source of choices', () => {
  it('gives the same choices for the same seed', () => {
    const choices = (seed: number) => {
      const random = createRandom(seed);
      return [random.uint32(), random.below(1000), random.key(), random.hex(9), random.shuffle([1, 2, 3, 4, 5, 6])];
    };
    expect(choices(1)).toEqual(choices(1));
    expect(choices(1)).not.toEqual(choices(2));
  });

  it('stays within its limits and uses them', () => {
    const random = createRandom(3);
    const dice = Array.from({ length: 500 }, () => random.below(6));
    expect(new Set(dice)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(random.below(1)).toBe(0);
    expect(Array.from({ length: 50 }, () => random.chance(0)).includes(true)).toBe(false);
    expect(Array.from({ length: 50 }, () => random.chance(100)).includes(false)).toBe(false);
    expect(new Set(Array.from({ length: 50 }, () => random.chance(50))).size).toBe(2);
  });

  it('makes distinct keys', () => {
    const random = createRandom(4);
    const keys = Array.from({ length: 1000 }, () => random.key());
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys)
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('shuffles and picks what is there, and nothing else', () => {
    const random = createRandom(5);
    const items = Array.from({ length: 20 }, (_, index) => index);
    const shuffled = random.shuffle(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
    expect(random.shuffle([])).toEqual([]);
    expect(items).toContain(random.pick(items));
    expect(() => random.pick([])).toThrow('nothing to pick');
  });
});
