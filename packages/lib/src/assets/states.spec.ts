import { describe, expect, it } from 'vitest';
import { ComputeTaskAction, ComputeTaskStatus } from '../gen/orchestrator/computetask.ts';
import { FunctionAction, FunctionStatus } from '../gen/orchestrator/function.ts';
import { nextTaskStatus, taskActions } from './compute-task-state.ts';
import { enumName } from './enum-name.ts';
import { nextFunctionStatus } from './function-state.ts';

// The whole grid, as the contract has it: rows are statuses, columns are actions, '.' is a refusal.
const functionGrid: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  WAITING: { BUILDING: 'BUILDING', READY: '.', FAILED: '.', CANCELED: 'CANCELED' },
  BUILDING: { BUILDING: '.', READY: 'READY', FAILED: 'FAILED', CANCELED: 'CANCELED' },
  READY: { BUILDING: '.', READY: '.', FAILED: '.', CANCELED: '.' },
  CANCELED: { BUILDING: '.', READY: '.', FAILED: '.', CANCELED: '.' },
  FAILED: { BUILDING: '.', READY: '.', FAILED: '.', CANCELED: '.' },
};

const functionTransitionNames: Readonly<Record<string, string>> = {
  BUILDING: 'transitionBuilding',
  READY: 'transitionReady',
  FAILED: 'transitionFailed',
  CANCELED: 'transitionCanceled',
};

const taskGrid: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  WAITING_FOR_BUILDER_SLOT: { EXECUTING: '.', DONE: '.', CANCELED: 'CANCELED', FAILED: 'FAILED' },
  BUILDING: { EXECUTING: '.', DONE: '.', CANCELED: 'CANCELED', FAILED: 'FAILED' },
  WAITING_FOR_PARENT_TASKS: { EXECUTING: '.', DONE: '.', CANCELED: 'CANCELED', FAILED: 'FAILED' },
  WAITING_FOR_EXECUTOR_SLOT: { EXECUTING: 'EXECUTING', DONE: '.', CANCELED: 'CANCELED', FAILED: 'FAILED' },
  EXECUTING: { EXECUTING: '.', DONE: 'DONE', CANCELED: 'CANCELED', FAILED: 'FAILED' },
  DONE: { EXECUTING: '.', DONE: '.', CANCELED: '.', FAILED: '.' },
  CANCELED: { EXECUTING: '.', DONE: '.', CANCELED: '.', FAILED: '.' },
  FAILED: { EXECUTING: '.', DONE: '.', CANCELED: '.', FAILED: '.' },
};

const taskTransitionNames: Readonly<Record<string, string>> = {
  EXECUTING: 'transitionExecuting',
  DONE: 'transitionDone',
  CANCELED: 'transitionCanceled',
  FAILED: 'transitionFailed',
};

function cells(grid: typeof taskGrid): [status: string, action: string, to: string][] {
  return Object.entries(grid).flatMap(([status, row]) =>
    Object.entries(row).map(([action, to]): [string, string, string] => [status, action, to]),
  );
}

function numberOf<T extends number>(values: Readonly<Record<string, T>>, name: string): T {
  const value = values[name];
  if (value === undefined) throw new Error(`the contract has no ${name}`);
  return value;
}

describe('functions', () => {
  it('have a row for every status', () => {
    const statuses = Object.keys(FunctionStatus).filter((name) => name !== 'FUNCTION_STATUS_UNKNOWN');
    expect(Object.keys(functionGrid).toSorted()).toEqual(
      statuses.map((name) => name.replace('FUNCTION_STATUS_', '')).toSorted(),
    );
  });

  it.each(cells(functionGrid))('%s, %s: %s', (status, action, to) => {
    const from = numberOf<FunctionStatus>(FunctionStatus, `FUNCTION_STATUS_${status}`);
    const move = (): FunctionStatus =>
      nextFunctionStatus(from, numberOf<FunctionAction>(FunctionAction, `FUNCTION_ACTION_${action}`));
    if (to === '.') {
      const sentence = `OE0104: event ${functionTransitionNames[action]} inappropriate in current state FUNCTION_STATUS_${status}`;
      expect(move).toThrow(sentence);
    } else {
      expect(enumName(FunctionStatus, move())).toBe(`FUNCTION_STATUS_${to}`);
    }
  });
});

describe('compute tasks', () => {
  it('have a row for every status', () => {
    const statuses = Object.keys(ComputeTaskStatus).filter((name) => name !== 'STATUS_UNKNOWN');
    expect(Object.keys(taskGrid).toSorted()).toEqual(statuses.map((name) => name.replace('STATUS_', '')).toSorted());
  });

  it.each(cells(taskGrid))('%s, %s: %s', (status, action, to) => {
    const from = numberOf<ComputeTaskStatus>(ComputeTaskStatus, `STATUS_${status}`);
    const transition = taskActions[numberOf<ComputeTaskAction>(ComputeTaskAction, `TASK_ACTION_${action}`)];
    if (transition === undefined) throw new Error(`no transition for ${action}`);
    if (to === '.') {
      const sentence = `OE0104: event ${taskTransitionNames[action]} inappropriate in current state STATUS_${status}`;
      expect(() => nextTaskStatus(transition, from)).toThrow(sentence);
    } else {
      expect(enumName(ComputeTaskStatus, nextTaskStatus(transition, from))).toBe(`STATUS_${to}`);
    }
  });

  it.each([
    ['EXECUTING', 'worker'],
    ['DONE', 'worker'],
    ['CANCELED', 'owner-or-worker'],
    ['FAILED', 'owner-or-worker'],
    ['BUILD_STARTED', undefined],
    ['BUILD_FINISHED', undefined],
    ['UNKNOWN', undefined],
  ])('%s may be asked for by: %s', (action, actor) => {
    const number = numberOf<ComputeTaskAction>(ComputeTaskAction, `TASK_ACTION_${action}`);
    expect(taskActions[number]?.actor).toBe(actor);
  });
});
