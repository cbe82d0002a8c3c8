import { AssetKind, ComputeTask, ComputeTaskStatus, EventKind, Model } from '@orchestrator/lib';
import { expect, test } from 'vitest';
import { taskChangesOf } from './task-changes.ts';
import type { EventSummary } from './task-changes.ts';

function task(eventKind: EventKind, status: ComputeTaskStatus): EventSummary {
  return {
    assetKind: AssetKind.ASSET_COMPUTE_TASK,
    eventKind,
    asset: { $case: 'computeTask', value: ComputeTask.fromPartial({ status }) },
  };
}

test('registered tasks and updates by status are counted, other assets are not', () => {
  const changes = taskChangesOf([
    task(EventKind.EVENT_ASSET_CREATED, ComputeTaskStatus.STATUS_WAITING_FOR_PARENT_TASKS),
    task(EventKind.EVENT_ASSET_CREATED, ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT),
    task(EventKind.EVENT_ASSET_UPDATED, ComputeTaskStatus.STATUS_DONE),
    task(EventKind.EVENT_ASSET_UPDATED, ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT),
    task(EventKind.EVENT_ASSET_UPDATED, ComputeTaskStatus.STATUS_WAITING_FOR_EXECUTOR_SLOT),
    {
      assetKind: AssetKind.ASSET_MODEL,
      eventKind: EventKind.EVENT_ASSET_CREATED,
      asset: { $case: 'model', value: Model.fromPartial({}) },
    },
    { assetKind: AssetKind.ASSET_COMPUTE_TASK, eventKind: EventKind.EVENT_ASSET_CREATED, asset: undefined },
  ]);
  expect(changes).toEqual({
    registered: 2,
    updated: new Map([
      ['STATUS_DONE', 1],
      ['STATUS_WAITING_FOR_EXECUTOR_SLOT', 2],
    ]),
  });
});

test('no events, no changes', () => {
  expect(taskChangesOf([])).toEqual({ registered: 0, updated: new Map() });
});
