/** A seeded source of choices: the same seed gives the same choices on every machine. */
export interface Random {
  /** A number from 0 to 4,294,967,295. */
  uint32(): number;
  /** A whole number from 0 to `limit` - 1. `limit` is at least 1. */
  below(limit: number): number;
  /** True in `percent` of 100 cases. */
  chance(percent: number): boolean;
  /** One of the items. There is at least one. */
  pick<T>(items: readonly T[]): T;
  /** The items in another order, in a new array. */
  shuffle<T>(items: readonly T[]): T[];
  /** A key: UUID text (version 4) in lower case. */
  key(): string;
  /** `length` hex digits in lower case. */
  hex(length: number): string;
}

const WORD = 0x1_0000_0000;

/** Creates a source of choices from a seed, any whole number. */
export function createRandom(seed: number): Random {
  const uint32 = mulberry32(seed);
  const below = (limit: number): number => Math.floor((uint32() / WORD) * limit);
  const hex = (length: number): string => Array.from({ length }, () => below(16).toString(16)).join('');
  return {
    uint32,
    below,
    hex,
    chance: (percent) => below(100) < percent,
    pick: <T>(items: readonly T[]): T => {
      if (items.length === 0) throw new Error('there is nothing to pick from');
      return items[below(items.length)] as T;
    },
    shuffle: (items) => shuffle(items, below),
    key: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${'89ab'.charAt(below(4))}${hex(3)}-${hex(12)}`,
  };
}

/** Tommy Ettinger's Mulberry32: 32 bits of state are plenty for tests. */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
}

function shuffle<T>(items: readonly T[], below: (limit: number) => number): T[] {
  const left = [...items];
  const shuffled: T[] = [];
  while (left.length > 0) shuffled.push(...left.splice(below(left.length), 1));
  return shuffled;
}
