import {
  ApplyFunctionActionParam,
  ApplyTaskActionParam,
  AssetKind,
  ComputeTaskAction,
  FunctionAction,
  GetTaskParam,
  type MessageCodec,
  type NewComputeTask,
  NewComputePlan,
  NewDataManager,
  NewFunction,
  RegisterDataSamplesParam,
  RegisterModelsParam,
  RegisterOrganizationParam,
  RegisterTasksParam,
} from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewDataManager, buildNewDataSample, buildNewFunction, buildNewModel, createRandom } from '@orchestrator/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import type { MessageCounts } from '../ledger/spec-support.ts';
import { answerOf, findProcedure, invocationOf } from '../testing/invocations.ts';
import { StubPeer } from './spec-support.ts';

// Every message to the peer and back takes 0.14 to 0.2 ms, one after the other: these numbers are the chaincode's speed.

const CHANNEL = 'mychannel';
const MSPID = 'MyOrg1MSP';
const BATCH = 1000;
const random = createRandom(3);
const peer = new StubPeer();
const fn = buildNewFunction(random, {
  inputs: new Map([
    ['opener', { kind: AssetKind.ASSET_DATA_MANAGER, multiple: false, optional: false }],
    ['data', { kind: AssetKind.ASSET_DATA_SAMPLE, multiple: true, optional: false }],
    ['parents', { kind: AssetKind.ASSET_MODEL, multiple: true, optional: true }],
  ]),
});
const manager = buildNewDataManager(random);
const samples = [0, 1].map(() => buildNewDataSample(random, { dataManagerKeys: [manager.key] }));
const plan = buildNewComputePlan(random);

async function call<T>(name: string, codec: MessageCodec<T>, request: T): Promise<MessageCounts> {
  const [service = '', method = ''] = name.split('/');
  const procedure = findProcedure(service, method);
  const args = invocationOf(procedure, codec.encode(request).finish());
  const simulation = await peer.submit({ channel: CHANNEL, mspid: MSPID, args });
  answerOf(procedure, simulation);
  return simulation.transaction.messages;
}

function task(parentKeys: readonly string[]): NewComputeTask {
  const asset = (identifier: string, value: string) => ({ identifier, ref: { $case: 'assetKey' as const, value } });
  return buildNewComputeTask(random, {
    functionKey: fn.key,
    computePlanKey: plan.key,
    inputs: [
      asset('opener', manager.key),
      ...samples.map(({ key }) => asset('data', key)),
      ...parentKeys.map((parentTaskKey) => {
        return { identifier: 'parents', ref: { $case: 'parentTaskOutput' as const, value: { parentTaskKey, outputIdentifier: 'model' } } };
      }),
    ],
  });
}

function register(tasks: readonly NewComputeTask[]): Promise<MessageCounts> {
  return call('ComputeTaskService/RegisterTasks', RegisterTasksParam, { tasks: [...tasks] });
}

beforeAll(async () => {
  await call('OrganizationService/RegisterOrganization', RegisterOrganizationParam, { address: '' });
  await call('FunctionService/RegisterFunction', NewFunction, fn);
  for (const action of [FunctionAction.FUNCTION_ACTION_BUILDING, FunctionAction.FUNCTION_ACTION_READY]) {
    await call('FunctionService/ApplyFunctionAction', ApplyFunctionActionParam, { functionKey: fn.key, action });
  }
  await call('DataManagerService/RegisterDataManager', NewDataManager, manager);
  await call('DataSampleService/RegisterDataSamples', RegisterDataSamplesParam, { samples });
  await call('ComputePlanService/RegisterPlan', NewComputePlan, plan);
});

describe('messages of a batch of tasks', () => {
  // Beside the new key of each task: plan, function, data manager, two samples, organization.
  const shared = 6;
  // Beside each task: its entries in the order of creation, in the plan and in the function, the events, their place.
  const entries = 5;
  // Values end at 64 KiB: the entries in the plan have two, the events of about 1 KB each as many as they need.
  const large = (eventChunks: number) => entries + 1 + eventChunks - 1;

  it('without parents are one get and one put each', async () => {
    const tasks = Array.from({ length: BATCH }, () => task([]));
    expect(await register(tasks)).toEqual({ get: BATCH + shared, put: BATCH + large(16), range: 0 });
  });

  it('in a chain are the same: children stand in the value of their parent', async () => {
    const tasks: NewComputeTask[] = [];
    for (let index = 0; index < BATCH; index += 1) tasks.push(task(tasks.slice(-1).map(({ key }) => key)));
    expect(await register(tasks)).toEqual({ get: BATCH + shared, put: BATCH + large(18), range: 0 });
  });

  it('with three parents each are the same', async () => {
    const tasks: NewComputeTask[] = [];
    for (let index = 0; index < BATCH; index += 1) tasks.push(task(tasks.slice(-3).map(({ key }) => key)));
    expect(await register(tasks)).toEqual({ get: BATCH + shared, put: BATCH + large(22), range: 0 });
  });

  it('under stored parents are one get and one put more for each parent', async () => {
    const parents = Array.from({ length: 10 }, () => task([]));
    await register(parents);
    const tasks = parents.map(({ key }) => task([key]));
    expect(await register(tasks)).toEqual({ get: 2 * tasks.length + shared, put: 2 * tasks.length + entries, range: 0 });
  });

  it('under one parent of the batch are the same, with one entry for many children', async () => {
    const root = task([]);
    const tasks = [root, ...Array.from({ length: BATCH - 1 }, () => task([root.key]))];
    expect(await register(tasks)).toEqual({ get: BATCH + shared, put: BATCH + large(18) + 1, range: 0 });
  });

  it('of one task are few', async () => {
    expect(await register([task([])])).toEqual({ get: 1 + shared, put: 1 + entries, range: 0 });
  });
});

describe('messages of the life of a task', () => {
  it('are few, with one scan of the children when it is done', async () => {
    const parent = task([]);
    const child = task([parent.key]);
    await register([parent, child]);
    const apply = (action: ComputeTaskAction) =>
      call('ComputeTaskService/ApplyTaskAction', ApplyTaskActionParam, { computeTaskKey: parent.key, action, log: '' });
    // The task, its events and their place.
    expect(await apply(ComputeTaskAction.TASK_ACTION_EXECUTING)).toEqual({ get: 1, put: 3, range: 0 });
    const models = [buildNewModel(random, { computeTaskKey: parent.key })];
    // Task, model and function; the model, its entry under the task, the events and their place.
    expect(await call('ModelService/RegisterModels', RegisterModelsParam, { models })).toEqual({ get: 3, put: 4, range: 1 });
    // The task and its child.
    expect(await apply(ComputeTaskAction.TASK_ACTION_DONE)).toEqual({ get: 2, put: 4, range: 1 });
    expect(await call('ComputeTaskService/GetTask', GetTaskParam, { key: parent.key })).toEqual({ get: 1, put: 0, range: 0 });
  });
});
