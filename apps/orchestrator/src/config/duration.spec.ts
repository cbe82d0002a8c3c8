import { expect, test } from 'vitest';
import { formatDurationMs, parseDurationMs } from './duration.ts';

test.each([
  ['0', 0],
  ['0s', 0],
  ['500ms', 500],
  ['10s', 10_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['1.s', 1000],
  ['1h0m0.25s', 3_600_250],
  ['250us', 0.25],
  ['250µs', 0.25],
  ['250μs', 0.25],
  ['1000000ns', 1],
  ['+2s', 2000],
  ['-2s', -2000],
])('%s is %d ms', (text, durationMs) => {
  expect(parseDurationMs(text)).toBeCloseTo(durationMs, 9);
});

test.each([
  '',
  '5',
  '1.5',
  's',
  '.s',
  '5 s',
  ' 5s',
  '5s ',
  '5d',
  '1m-5s',
  '--5s',
  '5S',
  '1e3s',
  '5s3',
  'Infinity',
  '0x5s',
])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test.each([
  [0, '0s'],
  [500, '500ms'],
  [90_000, '1m30s'],
  [86_400_000, '24h'],
  [3_600_250, '1h250ms'],
])('%d ms is written as %s', (durationMs, text) => {
  expect(formatDurationMs(durationMs)).toBe(text);
  expect(parseDurationMs(text)).toBe(durationMs);
});
