import { describe, expect, it } from 'vitest';
import { sortTopologically, type TaskNode } from './task-graph.ts';

function node(key: string, ...parentKeys: string[]): TaskNode {
  return { key, parentKeys };
}

function sortedKeys(...nodes: TaskNode[]): string {
  return sortTopologically(nodes)
    .map(({ key }) => key)
    .join('');
}

describe('the topological sort', () => {
  it.each([
    ['keeps the order of tasks without parents', [node('b'), node('a'), node('c')], 'bac'],
    ['puts parents first', [node('c', 'b'), node('b', 'a'), node('a')], 'abc'],
    ['places roots before all others', [node('a'), node('b', 'a'), node('c')], 'acb'],
    ['places a task when its last parent is placed', [node('d', 'a', 'b'), node('c', 'a'), node('a'), node('b')], 'abcd'],
    ['breaks ties in the order given', [node('z', 'a'), node('y', 'a'), node('a')], 'azy'],
    ['does not count parents outside of the batch', [node('b', 'stored'), node('a')], 'ba'],
    ['is breadth first', [node('a'), node('b', 'a'), node('c', 'b'), node('d', 'a'), node('e', 'd')], 'abdce'],
  ])('%s', (_, nodes, expected) => {
    expect(sortedKeys(...nodes)).toBe(expected);
  });

  it('names the tasks of a cycle, and those behind it', () => {
    const cycle = (): string => sortedKeys(node('a'), node('b', 'c'), node('c', 'b'), node('d', 'c'));
    expect(cycle).toThrow(/^OE0101: .*"b", "c", "d"$/u);
  });

  it('refuses a task that names itself', () => {
    expect(() => sortedKeys(node('a', 'a'))).toThrow(/^OE0101: .*"a"/u);
  });

  it('sorts 200,000 tasks of a chain that was given backwards', () => {
    const count = 200_000;
    const nodes = Array.from({ length: count }, (_, index) => {
      const number = count - 1 - index;
      return number === 0 ? node('0') : node(String(number), String(number - 1));
    });
    const sorted = sortTopologically(nodes);
    expect(sorted.every(({ key }, index) => key === String(index))).toBe(true);
  });
});
