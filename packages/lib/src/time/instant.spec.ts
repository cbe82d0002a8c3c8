import { describe, expect, it } from 'vitest';
import { ceilInstant, creationInstant, floorInstant, toTimestamp } from './instant.ts';

describe('an instant', () => {
  it.each([
    [0n, 0n, 0],
    [1n, 0n, 1000],
    [1_700_000_000_123_456n, 1_700_000_000n, 123_456_000],
    [-1n, -1n, 999_999_000],
  ])('%d is a timestamp and back', (instant, seconds, nanos) => {
    expect(toTimestamp(instant)).toEqual({ seconds, nanos });
    expect([ceilInstant({ seconds, nanos }), floorInstant({ seconds, nanos })]).toEqual([instant, instant]);
  });

  it('rounds a finer timestamp to the side that is asked for', () => {
    const timestamp = { seconds: 1n, nanos: 1500 };
    expect([floorInstant(timestamp), ceilInstant(timestamp)]).toEqual([1_000_001n, 1_000_002n]);
  });

  it('is required of a stored asset', () => {
    expect(() => creationInstant({ creationDate: undefined })).toThrow(/no creation date/u);
  });
});
