import { describe, expect, it } from 'vitest';
import { assetKey, encodePart, entryKey, formatInstant, indexPrefix, indexRange, invertInstant, parseEntryKey } from './keys.ts';

const TEXTS = ['a', 'B-_.9', ' ', '~', '%', ':', 'é', '\u{10ffff}', '\0', 'a b~c', '%7E', '__proto__'];

describe('a part of a key', () => {
  it.each(TEXTS)('of %j is printable ASCII without separators, and decodes again', (text) => {
    const part = encodePart(text) ?? '';
    expect(part).toMatch(/^[A-Za-z0-9_.%-]+$/u);
    expect(decodeURIComponent(part)).toBe(text);
  });

  it('is another one for every text', () => {
    expect(new Set(TEXTS.map(encodePart)).size).toBe(TEXTS.length);
  });

  it('does not exist of text that is too long', () => {
    expect(encodePart('a'.repeat(1000))?.length).toBe(1000);
    expect([encodePart('a'.repeat(1001)), encodePart('é'.repeat(10_000))]).toEqual([undefined, undefined]);
  });
});

describe('keys', () => {
  it('of assets name their kind', () => {
    expect(assetKey('performance', 'task', 'out')).toBe('performance:task:out');
  });

  it('of index entries sort by instant and bring their place back', () => {
    const prefix = indexPrefix('created', 'computetask');
    const instants = [0n, 9n, 10n, 1_767_225_600_000_000n, 253_402_300_799_999_999n];
    const keys = instants.map((instant) => entryKey(prefix, { instant, txId: 'tx' }));
    expect(keys.toSorted()).toEqual(keys);
    expect(keys.map((key) => parseEntryKey(key).instant)).toEqual(instants);
    expect(keys[1]).toBe('created~computetask~000000000000000009~tx');
    const chunks = [0, 1, 9, 10].map((chunk) => entryKey(prefix, { instant: 9n, txId: 'tx' }, chunk));
    expect([chunks.toSorted(), chunks[3]]).toEqual([chunks, 'created~computetask~000000000000000009~tx~000010']);
    expect(chunks.map(parseEntryKey)).toEqual(chunks.map(() => ({ instant: 9n, txId: 'tx' })));
    const inverted = instants.map(invertInstant);
    expect(inverted.map(formatInstant).toSorted().toReversed()).toEqual(inverted.map(formatInstant));
    expect(inverted.map(invertInstant)).toEqual(instants);
    expect(() => parseEntryKey('computetask:x')).toThrow('not the key of an index entry');
  });

  it('lie in the range of their index, and no other does', () => {
    const { start, end } = indexRange(indexPrefix('child', 'a'), 5n);
    const inside = (key: string): boolean => key >= start && key < end;
    const of = (instant: bigint, parent = 'a') => entryKey(indexPrefix('child', parent), { instant, txId: '~'.repeat(3) });
    expect([of(4n), of(5n), of(6n), of(5n, 'b'), 'child~a', 'childb'].map(inside)).toEqual([false, true, true, false, false, false]);
    expect(indexRange('x~', -5n)).toEqual({ start: 'x~', end: 'x~\x7f' });
  });
});
