import { randomInt } from 'node:crypto';
import { newKey } from '../assets.ts';

/** A task of a batch and its parents in it. */
export interface Node {
  readonly key: string;
  readonly parents: readonly string[];
}

/** A batch without cycles in which parents stand anywhere; each task has up to three of them. */
export function randomGraph(size: number): Node[] {
  const nodes: Node[] = [];
  for (let index = 0; index < size; index += 1) {
    const count = index === 0 ? 0 : randomInt(0, 4);
    const parents = Array.from({ length: count }, () => nodes[randomInt(0, index)]?.key ?? '');
    nodes.push({ key: newKey(), parents: [...new Set(parents)] });
  }
  return shuffle(nodes);
}

function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, order: randomInt(0, 1 << 30) }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

/**
 * The order in which a batch must be answered, with the ranks: tasks without parents in the order given, then each as
 * its last parent is placed. Written for reading, not for speed.
 */
export function expectedOrder(graph: readonly Node[]): { key: string; rank: number }[] {
  const placed: { key: string; rank: number }[] = [];
  const queue = graph.filter(({ parents }) => parents.length === 0);
  const rankOf = (key: string): number => placed.find((other) => other.key === key)?.rank ?? -1;
  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const { key, parents } = node;
    placed.push({ key, rank: Math.max(-1, ...parents.map(rankOf)) + 1 });
    const isPlaced = (parent: string): boolean => rankOf(parent) >= 0;
    queue.push(...graph.filter((other) => other.parents.includes(key) && other.parents.every(isPlaced)));
  }
  return placed;
}
