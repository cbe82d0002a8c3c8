import { badRequest } from '../errors/orchestration-error.ts';
import {
  type ComputeTaskInput,
  ComputeTaskStatus,
  type NewComputeTask,
  type QueryTasksParam,
  type RegisterTasksParam,
} from '../gen/orchestrator/computetask.ts';
import { checkKey, checkMetadata, checkNotEmpty, checkOneOf, checkPermissions } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0003 for an empty batch, OE0101 */
export function validateRegisterTasks(param: RegisterTasksParam): void {
  if (param.tasks.length === 0) throw badRequest('no compute task to register');
  const problems = new Problems();
  for (const [index, task] of param.tasks.entries()) {
    problems.enter('tasks', index);
    checkTask(problems, task);
    problems.leave();
  }
  problems.throwIfAny();
}

function checkTask(problems: Problems, task: NewComputeTask): void {
  checkKey(problems, 'key', task.key);
  checkKey(problems, 'function_key', task.functionKey);
  checkKey(problems, 'compute_plan_key', task.computePlanKey);
  checkMetadata(problems, 'metadata', task.metadata);
  for (const [index, input] of task.inputs.entries()) {
    problems.enter('inputs', index);
    checkInput(problems, input);
    problems.leave();
  }
  for (const [identifier, output] of task.outputs) {
    checkNotEmpty(problems, 'outputs[""] identifier', identifier);
    problems.enter('outputs', identifier);
    checkPermissions(problems, 'permissions', output.permissions);
    problems.leave();
  }
}

function checkInput(problems: Problems, input: ComputeTaskInput): void {
  checkNotEmpty(problems, 'identifier', input.identifier);
  switch (input.ref?.$case) {
    case 'assetKey':
      checkKey(problems, 'asset_key', input.ref.value);
      return;
    case 'parentTaskOutput': {
      const { parentTaskKey, outputIdentifier } = input.ref.value;
      checkKey(problems, 'parent_task_output.parent_task_key', parentTaskKey);
      checkNotEmpty(problems, 'parent_task_output.output_identifier', outputIdentifier);
      return;
    }
    default:
      problems.addHere('must have an asset_key or a parent_task_output');
  }
}

/** @throws OrchestrationError OE0101 for a status that the contract does not have. */
export function validateQueryTasks(param: QueryTasksParam): void {
  const problems = new Problems();
  checkOneOf(problems, 'filter.status', param.filter?.status ?? 0, ComputeTaskStatus);
  problems.throwIfAny();
}

/** Keys of the tasks whose outputs the inputs take, each once, in order of first use. */
export function parentKeys(inputs: readonly ComputeTaskInput[]): readonly string[] {
  const keys = new Set<string>();
  for (const { ref } of inputs) {
    if (ref?.$case === 'parentTaskOutput') keys.add(ref.value.parentTaskKey);
  }
  return [...keys];
}
