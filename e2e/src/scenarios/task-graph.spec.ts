import { expect, it } from 'vitest';
import { expectedOrder, randomGraph } from './task-graph.ts';

it('puts tasks without parents first and each other as its last parent is placed', () => {
  const graph = [
    { key: 'd', parents: ['c'] },
    { key: 'c', parents: ['b', 'a'] },
    { key: 'b', parents: [] },
    { key: 'a', parents: [] },
    { key: 'f', parents: ['b'] },
    { key: 'e', parents: [] },
  ];
  const ranks = { b: 0, a: 0, e: 0, f: 1, c: 1, d: 2 };
  expect(expectedOrder(graph)).toEqual(Object.entries(ranks).map(([key, rank]) => ({ key, rank })));
});

it('leaves out a cycle', () => {
  expect(
    expectedOrder([
      { key: 'a', parents: ['b'] },
      { key: 'b', parents: ['a'] },
    ]),
  ).toEqual([]);
});

it('makes batches that have an order', () => {
  const graph = randomGraph(100);
  expect(expectedOrder(graph)).toHaveLength(graph.length);
});
