import { describe, expect, it } from 'vitest';
import { toFigure } from './figure.ts';
import { toMarkdown } from './markdown.ts';
import { toSvg } from './svg.ts';

const rounds = [
  { value: 100, limit: 200, cpuMs: 2, limitCpuMs: 1 },
  { value: 300, limit: 400, cpuMs: 4, limitCpuMs: 1 },
  { value: 10, limit: 10, cpuMs: 1, limitCpuMs: 1 },
];

describe('a figure', () => {
  it('has the medians, and of the ratios that of the rounds', () => {
    const figure = toFigure({ row: 'batch', unit: 'tasks/s', rounds, ofLimit: 0.5 });
    expect(figure).toMatchObject({ value: 100, limit: 200, ratio: 0.75, cpuRatio: 0.5 });
  });

  it('has no ratio without a limit', () => {
    expect(toFigure({ row: 'memory', unit: 'MiB', rounds: [{ value: 1 }] })).not.toHaveProperty('ratio');
  });

  it('is a row of a table', () => {
    const aims = { ofLimit: 0.5, existing: 50, timesExisting: 5 };
    const [, , row] = toMarkdown([toFigure({ row: 'batch', unit: 'tasks/s', rounds, ...aims })]).split('\n');
    expect(row).toBe('| batch | 100 | tasks/s | 200 | 0.75 | 0.5 | ≥ 0.5 | 2 | ≥ 5 |  |');
  });
});

it('a plot has every point inside of it', () => {
  const points = [1, 10, 1000].map((x) => [x, x / 2] as const);
  const svg = toSvg({ name: 'a', title: 'A', xLabel: 'x', yLabel: 'y', points });
  const circles = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
  expect(circles).toHaveLength(points.length);
  for (const [x = 0, y = 0] of circles) expect([x >= 70 && x <= 620, y >= 40 && y <= 310]).toEqual([true, true]);
});
