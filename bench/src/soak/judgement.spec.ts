import { describe, expect, it } from 'vitest';
import { courseOf, judgeCourse, judgeLeft } from './judgement.ts';
import { parseMetrics, type ServerState } from './server-state.ts';

const MEBIBYTE = 2 ** 20;
const MINUTE = 60_000;

const quiet: ServerState = {
  atMs: 0,
  rssBytes: 0,
  heldBytes: 50 * MEBIBYTE,
  openFiles: 30,
  resources: { TCPSocketWrap: 5, Timeout: 4 },
  openStreams: 0,
  openCalls: 0,
};

/** A sample a minute. */
const course = (...mib: readonly number[]) =>
  courseOf(mib.map((value, index) => ({ atMs: index * MINUTE, bytes: value * MEBIBYTE })));

describe('the memory under load', () => {
  it('is judged by the first and the last third', () => {
    const { firstBytes, lastBytes, slopeBytesPerMinute } = course(100, 101, 180, 99, 102, 103);
    expect([firstBytes / MEBIBYTE, lastBytes / MEBIBYTE]).toEqual([100, 102]);
    expect(Math.abs(slopeBytesPerMinute) / MEBIBYTE).toBeLessThan(10);
  });

  it('has the slope of a line', () => {
    expect(course(100, 110, 120, 130).slopeBytesPerMinute / MEBIBYTE).toBeCloseTo(10);
    expect(course(100).slopeBytesPerMinute).toBe(0);
  });

  it('may swing, and may not grow', () => {
    expect(judgeCourse(course(200, 230, 210, 190, 220, 215))).toEqual([]);
    expect(judgeCourse(course(200, 220, 240, 260, 280, 300))).toEqual([expect.stringContaining('grew from 200 to 280 MiB')]);
  });
});

describe('what is left of a load', () => {
  it('is nothing when all is as before', () => {
    expect(judgeLeft(quiet, { ...quiet, heldBytes: quiet.heldBytes + MEBIBYTE, openFiles: 32 })).toEqual([]);
  });

  it.each<[string, Partial<ServerState>]>([
    ['event streams', { openStreams: 1 }],
    ['calls', { openCalls: 1 }],
    ['MiB held', { heldBytes: 60 * MEBIBYTE }],
    ['open files', { openFiles: 40 }],
    ['TCPSocketWrap', { resources: { TCPSocketWrap: 10 } }],
    ['Immediate', { resources: { Immediate: 5 } }],
  ])('is told: %s', (what, changed) => {
    expect(judgeLeft(quiet, { ...quiet, ...changed })).toEqual([expect.stringContaining(what)]);
  });
});

it('reads the text form of metrics', () => {
  expect(parseMetrics('# HELP a b\na 1\na{type="Timeout"} 2\nb_total 3.5e1\n')).toEqual([
    { name: 'a', labels: '', value: 1 },
    { name: 'a', labels: '{type="Timeout"}', value: 2 },
    { name: 'b_total', labels: '', value: 35 },
  ]);
});
