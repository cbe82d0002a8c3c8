import { inappropriateTransition } from '../errors/orchestration-error.ts';
import { ComputeTaskAction, ComputeTaskStatus } from '../gen/orchestrator/computetask.ts';
import { enumName } from './enum-name.ts';

const {
  STATUS_BUILDING,
  STATUS_CANCELED,
  STATUS_DONE,
  STATUS_EXECUTING,
  STATUS_FAILED,
  STATUS_WAITING_FOR_BUILDER_SLOT,
  STATUS_WAITING_FOR_EXECUTOR_SLOT,
  STATUS_WAITING_FOR_PARENT_TASKS,
} = ComputeTaskStatus;

/** No task leaves these. */
export const finalTaskStatuses: readonly ComputeTaskStatus[] = [STATUS_DONE, STATUS_FAILED, STATUS_CANCELED];

const unfinished: readonly ComputeTaskStatus[] = [
  STATUS_WAITING_FOR_BUILDER_SLOT,
  STATUS_BUILDING,
  STATUS_WAITING_FOR_PARENT_TASKS,
  STATUS_WAITING_FOR_EXECUTOR_SLOT,
  STATUS_EXECUTING,
];

/** Who may ask for a transition: the task's worker alone, or its owner as well. The server moves the others itself. */
export type TaskActor = 'worker' | 'owner-or-worker';

interface TaskTransition {
  readonly name: string;
  readonly from: readonly ComputeTaskStatus[];
  readonly to: ComputeTaskStatus;
}

/** The transitions that a client asks for, with who may. */
export const taskActions: Readonly<Partial<Record<ComputeTaskAction, TaskTransition & { readonly actor: TaskActor }>>> =
  {
    [ComputeTaskAction.TASK_ACTION_EXECUTING]: {
      name: 'transitionExecuting',
      from: [STATUS_WAITING_FOR_EXECUTOR_SLOT],
      to: STATUS_EXECUTING,
      actor: 'worker',
    },
    [ComputeTaskAction.TASK_ACTION_DONE]: {
      name: 'transitionDone',
      from: [STATUS_EXECUTING],
      to: STATUS_DONE,
      actor: 'worker',
    },
    [ComputeTaskAction.TASK_ACTION_CANCELED]: {
      name: 'transitionCanceled',
      from: unfinished,
      to: STATUS_CANCELED,
      actor: 'owner-or-worker',
    },
    [ComputeTaskAction.TASK_ACTION_FAILED]: {
      name: 'transitionFailed',
      from: unfinished,
      to: STATUS_FAILED,
      actor: 'owner-or-worker',
    },
  };

/** Whether a task in this status can still be moved. */
export function isUnfinished(status: ComputeTaskStatus): boolean {
  return unfinished.includes(status);
}

/**
 * The status that follows.
 *
 * @throws OrchestrationError OE0104 when there is no such transition from `status`.
 */
export function nextTaskStatus(transition: TaskTransition, status: ComputeTaskStatus): ComputeTaskStatus {
  if (transition.from.includes(status)) return transition.to;
  throw inappropriateTransition(transition.name, enumName(ComputeTaskStatus, status));
}
