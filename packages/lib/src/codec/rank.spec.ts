import { describe, expect, it } from 'vitest';
import { compareRanks, compareUtf8, formatRank, parseRank, type Rank } from './rank.ts';

const KEY = '00000000-0000-4000-8000-000000000001';
const rank: Rank = { instant: 7n, texts: [KEY, 'ünïcode'] };

// One of each length in UTF-8, the first and last before and behind the surrogates, and astral ones.
const CHARACTERS = ['', 'a', 'b', '\u007f', '\u0080', 'é', '\u07ff', '\u0800', '\ud7ff', '\ue000', '\uffff', '\u{10000}', '😀', '\u{10ffff}'];
const TEXTS = CHARACTERS.flatMap((first) => CHARACTERS.map((second) => first + second));

describe('compareUtf8', () => {
  it('compares as the bytes do', () => {
    for (const a of TEXTS) {
      for (const b of TEXTS) {
        const ofBytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareUtf8(a, b)), `${JSON.stringify(a)} and ${JSON.stringify(b)}`).toBe(ofBytes);
      }
    }
  });
});

describe('a rank', () => {
  it('stands by its instant, then by its texts', () => {
    const inOrder: readonly Rank[] = [
      { instant: 6n, texts: ['z', 'z'] },
      { instant: 7n, texts: ['a', 'b'] },
      { instant: 7n, texts: ['a', 'c'] },
      { instant: 7n, texts: ['b', 'a'] },
      { instant: 10n, texts: ['a', 'a'] },
    ];
    expect(inOrder.toReversed().toSorted(compareRanks)).toEqual(inOrder);
    expect(compareRanks(rank, { ...rank })).toBe(0);
  });

  it('comes back from its cursor', () => {
    expect(parseRank(formatRank(rank), 2)).toEqual(rank);
    expect(parseRank(undefined)).toBeUndefined();
  });

  it.each([
    ['nothing', []],
    ['an instant alone', ['7']],
    ['a text too many', ['7', KEY, 'a', 'b']],
    ['no key', ['7', 'a', 'b']],
    ['a negative instant', ['-7', KEY, 'b']],
    ['a leading zero', ['07', KEY, 'b']],
    ['an instant beyond all time', ['1'.repeat(19), KEY, 'b']],
  ])('is refused from a cursor with %s', (_, cursor) => {
    expect(() => parseRank(cursor, 2)).toThrow(/^OE0003: /u);
  });
});
