import type { Stored } from '../codec/codec.ts';
import { ErrorCode } from '../errors/codes.ts';
import { badRequest, notFound, OrchestrationError, permissionDenied } from '../errors/orchestration-error.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import { type ComputeTask, type ComputeTaskOutput, ComputeTaskStatus } from '../gen/orchestrator/computetask.ts';
import type { FunctionMessage as OrchestratorFunction, FunctionOutput } from '../gen/orchestrator/function.ts';
import { enumName } from '../assets/enum-name.ts';

/** @throws OrchestrationError OE0002 */
export function requireTask(tasks: ReadonlyMap<string, Stored<ComputeTask>>, key: string): ComputeTask {
  const found = tasks.get(key);
  if (found === undefined) throw notFound('computetask', key);
  return found.value;
}

/** @throws OrchestrationError OE0102 */
export function requireWorker(task: ComputeTask, mspid: string): void {
  if (task.worker !== mspid) throw permissionDenied('only the worker of the compute task may do this');
}

/** @throws OrchestrationError OE0003 */
export function requireExecuting(task: ComputeTask): void {
  if (task.status !== ComputeTaskStatus.STATUS_EXECUTING) {
    throw badRequest(`compute task "${task.key}" is not executing: ${enumName(ComputeTaskStatus, task.status)}`);
  }
}

/** An output of a task with what its function says of it. */
export interface TaskOutput {
  readonly taskOutput: ComputeTaskOutput;
  readonly functionOutput: FunctionOutput;
}

/**
 * The output under which an asset of `kind` is to be registered.
 *
 * @throws OrchestrationError OE0106 for an unknown output, OE0107 for one of another kind.
 */
export function requireOutput(of: {
  readonly task: ComputeTask;
  readonly fn: OrchestratorFunction | undefined;
  readonly identifier: string;
  readonly kind: AssetKind;
}): TaskOutput {
  const taskOutput = of.task.outputs.get(of.identifier);
  const functionOutput = of.fn?.outputs.get(of.identifier);
  if (taskOutput === undefined || functionOutput === undefined) {
    const sentence = `compute task "${of.task.key}" has no output "${of.identifier}"`;
    throw new OrchestrationError(ErrorCode.MissingTaskOutput, sentence);
  }
  if (functionOutput.kind !== of.kind) {
    const sentence = `output "${of.identifier}" takes ${enumName(AssetKind, functionOutput.kind)}, not ${enumName(AssetKind, of.kind)}`;
    throw new OrchestrationError(ErrorCode.IncompatibleKind, sentence);
  }
  return { taskOutput, functionOutput };
}
