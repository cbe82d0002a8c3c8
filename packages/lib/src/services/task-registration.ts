import { parentKeys } from '../assets/compute-task.ts';
import { organizationsToCheck } from '../assets/permission.ts';
import { sortTopologically } from '../assets/task-graph.ts';
import { type Encoded, EncodedMessage } from '../codec/codec.ts';
import { encodeRegisteredTasks, encodeTaskBody } from '../codec/encoding.ts';
import type { AssetInput, TaskReferenceQuery, TaskReferences } from '../dbal/compute-task.ts';
import { conflict, invalidAsset } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import type { ComputeTask, NewComputeTask, RegisterTasksResponse } from '../gen/orchestrator/computetask.ts';
import { toTimestamp } from '../time/instant.ts';
import { forEachPaced } from './paced.ts';
import type { Scope } from './scope.ts';
import { TaskBuilder } from './task-builder.ts';

interface BatchNode {
  readonly key: string;
  readonly parentKeys: readonly string[];
  readonly asked: NewComputeTask;
}

/**
 * Registers a batch of tasks, all or nothing, in topological order.
 *
 * @throws OrchestrationError OE0006 for a key that exists or repeats, OE0101 for a cycle or an unknown parent, and
 *   what `TaskBuilder.build` throws.
 */
export async function registerTasks(scope: Scope, asked: readonly NewComputeTask[]): Promise<Encoded<RegisterTasksResponse>> {
  const { context, dbal, events } = scope;
  const nodes = asked.map((task): BatchNode => ({ key: task.key, parentKeys: parentKeys(task.inputs), asked: task }));
  const references = await dbal.computeTask.getTaskReferences(referenceQuery(context.mspid, nodes));
  const inBatch = requireNewKeys(nodes, references);
  const sorted = sortTopologically(nodes);
  requireKnownParents(nodes, inBatch, references);
  const builder = new TaskBuilder({
    owner: context.mspid,
    creationDate: toTimestamp(context.instant),
    references,
  });
  const tasks: ComputeTask[] = [];
  await forEachPaced(context, sorted, (node) => {
    const task = builder.build(node.asked, node.parentKeys);
    // Now, in pieces: its row, its event and the answer share the bytes.
    encodeTaskBody(task);
    tasks.push(task);
  });
  dbal.computeTask.addComputeTasks(sorted.map((node, index) => ({ task: at(tasks, index), parentKeys: node.parentKeys })));
  const answer = encodeRegisteredTasks(tasks);
  // With a pause: the store may take the tasks while their events are made.
  await forEachPaced(context, tasks, (task) => events.add(changes.computeTaskCreated(task)));
  return new EncodedMessage(answer);
}

function at(tasks: readonly ComputeTask[], index: number): ComputeTask {
  const task = tasks[index];
  if (task === undefined) throw new Error('every node of a batch becomes a task');
  return task;
}

function referenceQuery(caller: string, nodes: readonly BatchNode[]): TaskReferenceQuery {
  const taskKeys = new Set<string>();
  const computePlanKeys = new Set<string>();
  const functionKeys = new Set<string>();
  const assetInputs: AssetInput[] = [];
  const organizationIds = new Set([caller]);
  for (const { key, parentKeys: parents, asked } of nodes) {
    taskKeys.add(key);
    for (const parent of parents) taskKeys.add(parent);
    computePlanKeys.add(asked.computePlanKey);
    functionKeys.add(asked.functionKey);
    if (asked.worker !== '') organizationIds.add(asked.worker);
    for (const { identifier, ref } of asked.inputs) {
      if (ref?.$case === 'assetKey') assetInputs.push({ functionKey: asked.functionKey, identifier, assetKey: ref.value });
    }
    for (const { permissions } of asked.outputs.values()) {
      for (const id of organizationsToCheck(permissions)) organizationIds.add(id);
    }
  }
  return {
    taskKeys: [...taskKeys],
    computePlanKeys: [...computePlanKeys],
    functionKeys: [...functionKeys],
    assetKeys: [...new Set(assetInputs.map(({ assetKey }) => assetKey))],
    assetInputs,
    organizationIds: [...organizationIds],
  };
}

/** @returns the keys of the batch. */
function requireNewKeys(nodes: readonly BatchNode[], references: TaskReferences): ReadonlySet<string> {
  const seen = new Set<string>();
  for (const { key } of nodes) {
    if (references.tasks.has(key) || seen.has(key)) throw conflict('computetask', key);
    seen.add(key);
  }
  return seen;
}

function requireKnownParents(nodes: readonly BatchNode[], inBatch: ReadonlySet<string>, { tasks }: TaskReferences): void {
  for (const node of nodes) {
    for (const parent of node.parentKeys) {
      if (!inBatch.has(parent) && !tasks.has(parent)) {
        throw invalidAsset(`compute task "${node.key}" has a parent that does not exist: "${parent}"`);
      }
    }
  }
}
