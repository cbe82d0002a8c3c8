import { ComputeTaskAction } from '@orchestrator/lib';
import { buildNewModel, buildNewPerformance } from '@orchestrator/testing';
import type { Call } from '../client/jobs.ts';
import { toCall } from './api.ts';
import type { Scene } from './scene.ts';
import { buildTask } from './tasks.ts';

/** The calls of a task from its registration to DONE. Every second one makes a model, the others a performance. */
export function lifeOfTask(scene: Scene, computePlanKey: string, index: number): readonly Call[] {
  const task = buildTask(scene, computePlanKey);
  const apply = (action: ComputeTaskAction): Call =>
    toCall('ApplyTaskAction', { computeTaskKey: task.key, action, log: '' });
  const output =
    index % 2 === 0
      ? toCall('RegisterModels', { models: [buildNewModel(scene.random, { computeTaskKey: task.key })] })
      : toCall('RegisterPerformance', buildNewPerformance(scene.random, { computeTaskKey: task.key }));
  const { TASK_ACTION_DONE, TASK_ACTION_EXECUTING } = ComputeTaskAction;
  return [toCall('RegisterTasks', { tasks: [task] }), apply(TASK_ACTION_EXECUTING), output, apply(TASK_ACTION_DONE)];
}
