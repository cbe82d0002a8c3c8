import { invalidAsset } from '../errors/orchestration-error.ts';

/** A task of a batch as the sort sees it. */
export interface TaskNode {
  readonly key: string;
  /** Distinct keys of its parents, in the batch or in the store. */
  readonly parentKeys: readonly string[];
}

/**
 * Sorts a batch so that parents come before their children, in Kahn's order: first the tasks without a parent in the
 * batch, in the order given, then each task as its last parent is placed. Linear in tasks and edges.
 *
 * @param nodes distinct keys.
 * @throws OrchestrationError OE0101 that names the tasks on, or behind, a cycle.
 */
export function sortTopologically<T extends TaskNode>(nodes: readonly T[]): readonly T[] {
  const missingParents = new Map<string, number>();
  const children = new Map<string, T[]>();
  for (const { key } of nodes) missingParents.set(key, 0);
  for (const node of nodes) {
    let missing = 0;
    for (const parent of node.parentKeys) {
      if (!missingParents.has(parent)) continue;
      missing += 1;
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [node]);
      else siblings.push(node);
    }
    missingParents.set(node.key, missing);
  }
  const sorted = nodes.filter((node) => missingParents.get(node.key) === 0);
  // The array grows while it is walked: it is the queue and the result at once.
  for (const placed of sorted) {
    for (const child of children.get(placed.key) ?? []) {
      const missing = (missingParents.get(child.key) ?? 0) - 1;
      missingParents.set(child.key, missing);
      if (missing === 0) sorted.push(child);
    }
  }
  if (sorted.length < nodes.length) {
    const cyclic = nodes.filter((node) => (missingParents.get(node.key) ?? 0) > 0).map((node) => `"${node.key}"`);
    throw invalidAsset(`the compute tasks depend on each other in a cycle: ${cyclic.join(', ')}`);
  }
  return sorted;
}
