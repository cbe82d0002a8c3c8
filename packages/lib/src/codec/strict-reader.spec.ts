import { describe, expect, it } from 'vitest';
import { NewComputePlan } from '../gen/orchestrator/computeplan.ts';
import { Performance } from '../gen/orchestrator/performance.ts';
import { decodeRequest } from './strict-reader.ts';

function field(number: number, text: Uint8Array | string): Uint8Array {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  return Uint8Array.from([number * 8 + 2, bytes.length, ...bytes]);
}

function decode(bytes: Uint8Array): NewComputePlan {
  return decodeRequest(NewComputePlan, bytes);
}

describe('a request', () => {
  it.each(['plan', 'ünïcode \u{1F600}', '\u{FEFF}with a byte order mark', 'x'.repeat(100)])('keeps the text %j', (text) => {
    expect(decode(field(1, text)).key).toBe(text);
  });

  it.each([
    ['bytes that are no UTF-8', field(1, Uint8Array.from([0x66, 0xff, 0x66]))],
    ['half a character', field(1, Uint8Array.from([0xe2, 0x82]))],
    ['a surrogate in UTF-8', field(1, Uint8Array.from([0xed, 0xa0, 0x80]))],
    ['U+0000', field(1, 'a\0b')],
    ['U+0000 in a long text', field(1, `${'a'.repeat(90)}\0`)],
  ])('is refused for %s', (_, bytes) => {
    expect(() => decode(bytes)).toThrow(/^OE0101: /u);
  });

  it('is refused for U+0000 in the keys and values of a map', () => {
    const entry = (key: string, value: string): Uint8Array => {
      const body = Uint8Array.from([...field(1, key), ...field(2, value)]);
      return Uint8Array.from([0x8a, 0x01, body.length, ...body]);
    };
    expect(decode(entry('key', 'value')).metadata).toEqual(new Map([['key', 'value']]));
    expect(() => decode(entry('k\0', 'value'))).toThrow(/^OE0101: /u);
    expect(() => decode(entry('key', 'v\0'))).toThrow(/^OE0101: /u);
  });

  it.each([
    ['a length past the end', [0x0a, 0x7f, 0x61]],
    ['a tag alone', [0x0a]],
    ['an endless varint', Array.from({ length: 20 }, () => 0xff)],
    ['a tag of field 0', [0x00, 0x01]],
    ['an end of a group that never began', [0x0c]],
    ['garbage', [0xde, 0xad, 0xbe, 0xef]],
  ])('is refused for %s', (_, bytes) => {
    expect(() => decode(Uint8Array.from(bytes))).toThrow(/^OE0101: /u);
  });

  it('ignores fields that the contract does not have', () => {
    expect(decode(Uint8Array.from([...field(1, 'key'), ...field(15, 'new')])).key).toBe('key');
  });
});

describe('a performance', () => {
  it.each([0, -0, 1.5, Number.NaN, Infinity, -Infinity, 1.401298464324817e-45])('keeps %d exactly', (performanceValue) => {
    const bytes = Performance.encode(Performance.fromPartial({ performanceValue })).finish();
    expect(Object.is(Performance.decode(bytes).performanceValue, performanceValue)).toBe(true);
  });
});
