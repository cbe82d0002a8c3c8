import {
  AssetKind,
  ComputePlan,
  ComputeTask,
  ComputeTaskStatus,
  DataSample,
  type Dbal,
  Event,
  EventKind,
  Model,
} from '@orchestrator/lib';
import { createRandom } from '@orchestrator/testing';
import { describe, expect, it } from 'vitest';
import { createPostgresDbal } from './postgres-dbal.ts';

const random = createRandom(7);
const makeKey = (): string => random.key();
const creationDate = { seconds: 1n, nanos: 0 };

function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, make);
}

function buildTask(): ComputeTask {
  const keys = { key: random.key(), computePlanKey: random.key(), functionKey: random.key() };
  return ComputeTask.fromPartial({ ...keys, creationDate, status: ComputeTaskStatus.STATUS_DONE });
}

function buildEvent(): Event {
  const kinds = { assetKind: AssetKind.ASSET_COMPUTE_TASK, eventKind: EventKind.EVENT_ASSET_CREATED };
  return Event.fromPartial({ id: random.key(), assetKey: random.key(), timestamp: creationDate, ...kinds });
}

/** How many statements the work sends. */
async function countStatements(work: (dbal: Dbal) => unknown): Promise<number> {
  let count = 0;
  const dbal = createPostgresDbal({
    sql: {
      query: async () => {
        count += 1;
        return [];
      },
      send: () => {
        count += 1;
      },
    },
    channelId: 1,
    channel: 'one',
    takePositions: () => 1n,
  });
  await work(dbal);
  return count;
}

type Batch = (dbal: Dbal, count: number) => unknown;

const batches: readonly [string, Batch][] = [
  ['getComputeTasks', (dbal, count) => dbal.computeTask.getComputeTasks(times(count, makeKey))],
  ['addComputeTasks', (dbal, count) => {
    const tasks = times(count, () => ({ task: buildTask(), parentKeys: times(3, makeKey) }));
    dbal.computeTask.addComputeTasks(tasks);
  }],
  ['updateComputeTaskStatuses', (dbal, count) => dbal.computeTask.updateComputeTaskStatuses(times(count, buildTask))],
  ['getOutputAssets', (dbal, count) => dbal.computeTask.getOutputAssets(times(count, makeKey))],
  ['addOutputAssets', (dbal, count) => {
    const asset = { computeTaskKey: random.key(), computeTaskOutputIdentifier: 'model', assetKey: random.key() };
    dbal.computeTask.addOutputAssets(times(count, () => ({ ...asset, assetKind: AssetKind.ASSET_MODEL })));
  }],
  ['getDataSamples', (dbal, count) => dbal.dataSample.getDataSamples(times(count, makeKey))],
  ['addDataSamples', (dbal, count) => {
    const build = () => DataSample.fromPartial({ key: random.key(), creationDate, dataManagerKeys: [random.key()] });
    dbal.dataSample.addDataSamples(times(count, build));
  }],
  ['updateDataSamples', (dbal, count) => {
    const build = () => DataSample.fromPartial({ key: random.key(), creationDate, dataManagerKeys: [random.key()] });
    dbal.dataSample.updateDataSamples(times(count, build));
  }],
  ['addModels', (dbal, count) => {
    dbal.model.addModels(times(count, () => Model.fromPartial({ key: random.key(), creationDate })));
  }],
  ['updateModels', (dbal, count) => {
    dbal.model.updateModels(times(count, () => Model.fromPartial({ key: random.key(), creationDate })));
  }],
  ['updateComputePlans', (dbal, count) => {
    dbal.computePlan.updateComputePlans(times(count, () => ComputePlan.fromPartial({ key: random.key(), creationDate })));
  }],
  ['addEvents', (dbal, count) => dbal.event.addEvents(times(count, buildEvent))],
  ['getRegisteredIds', (dbal, count) => dbal.organization.getRegisteredIds(times(count, makeKey))],
];

describe('a batch is one statement, and none when it is empty', () => {
  it.each(batches)('%s', async (_, batch) => {
    const counts = await Promise.all([0, 1, 1000].map((size) => countStatements((dbal) => batch(dbal, size))));
    expect(counts).toEqual([0, 1, 1]);
  });

  it('getTaskReferences', async () => {
    const keys = times(1000, makeKey);
    const query = { taskKeys: keys, computePlanKeys: keys, functionKeys: keys, assetKeys: keys, organizationIds: keys };
    expect(await countStatements((dbal) => dbal.computeTask.getTaskReferences(query))).toBe(1);
  });
});

describe('what cannot be a key does not reach the database', () => {
  const noKey = 'no key';
  const page = { size: 10, maxBytes: 1000 };
  const lookUps: readonly [string, (dbal: Dbal) => unknown][] = [
    ['getFunctions', (dbal) => dbal.function.getFunctions([noKey])],
    ['getFunctionTasks', (dbal) => dbal.computeTask.getFunctionTasks(noKey, [ComputeTaskStatus.STATUS_DONE])],
    ['getChildTasks', (dbal) => dbal.computeTask.getChildTasks(noKey)],
    ['hasUnfinishedTask', (dbal) => dbal.computeTask.hasUnfinishedTask(noKey)],
    ['getTaskModels', (dbal) => dbal.model.getTaskModels(noKey)],
    ['getDataSampleKeys', (dbal) => dbal.dataSample.getDataSampleKeys(noKey)],
    ['getFailureReport', (dbal) => dbal.failureReport.getFailureReport(noKey)],
    ['queryFunctions', (dbal) => dbal.function.queryFunctions({ computePlanKey: noKey }, page)],
    ['queryComputeTasks', (dbal) => dbal.computeTask.queryComputeTasks({ functionKey: noKey }, page)],
    ['queryDataSamples', (dbal) => dbal.dataSample.queryDataSamples({ keys: [noKey] }, page)],
    ['queryPerformances', (dbal) => dbal.performance.queryPerformances({ computeTaskKey: noKey }, page)],
  ];
  it.each(lookUps)('%s', async (_, lookUp) => {
    expect(await countStatements(lookUp)).toBe(0);
  });
});
