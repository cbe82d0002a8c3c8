import {
  ApplyFunctionActionParam,
  ApplyTaskActionParam,
  AssetKind,
  ComputeTaskAction,
  FunctionAction,
  type MessageCodec,
  NewComputePlan,
  NewDataManager,
  NewFailureReport,
  NewFunction,
  NewPerformance,
  ProfilingStep,
  RegisterDataSamplesParam,
  RegisterModelsParam,
  RegisterOrganizationParam,
  RegisterTasksParam,
} from '@orchestrator/lib';
import { describe, expect, it } from 'vitest';
import { createMemoryApi } from '../memory/memory-api.ts';
import { MemoryStore } from '../memory/memory-store.ts';
import { createRandom } from '../random/random.ts';
import * as build from './requests.ts';

const random = createRandom(11);
const store = new MemoryStore();
const api = createMemoryApi(store);

async function call<T>(procedure: string, codec: MessageCodec<T>, request: T): Promise<void> {
  const [service = '', method = ''] = procedure.split('/');
  const bytes = codec.encode(request).finish();
  await api({ channel: 'mychannel', mspid: 'MyOrg1MSP', service, method, request: bytes });
}

async function registerPublicFunction() {
  const fn = build.buildNewFunction(random, {
    outputs: new Map([
      ['model', { kind: AssetKind.ASSET_MODEL, multiple: false }],
      ['performance', { kind: AssetKind.ASSET_PERFORMANCE, multiple: false }],
    ]),
  });
  await call('FunctionService/RegisterFunction', NewFunction, fn);
  for (const action of [FunctionAction.FUNCTION_ACTION_BUILDING, FunctionAction.FUNCTION_ACTION_READY]) {
    await call('FunctionService/ApplyFunctionAction', ApplyFunctionActionParam, { functionKey: fn.key, action });
  }
  return fn;
}

describe('built requests', () => {
  it('are taken by the business logic, from an organization to a failure report', async () => {
    await call('OrganizationService/RegisterOrganization', RegisterOrganizationParam, { address: '' });
    const fn = await registerPublicFunction();
    const manager = build.buildNewDataManager(random);
    await call('DataManagerService/RegisterDataManager', NewDataManager, manager);
    const samples = [build.buildNewDataSample(random, { dataManagerKeys: [manager.key] })];
    await call('DataSampleService/RegisterDataSamples', RegisterDataSamplesParam, { samples });
    const plan = build.buildNewComputePlan(random);
    await call('ComputePlanService/RegisterPlan', NewComputePlan, plan);
    const permissions = build.buildNewPermissions();
    const task = build.buildNewComputeTask(random, {
      functionKey: fn.key,
      computePlanKey: plan.key,
      worker: 'MyOrg1MSP',
      outputs: new Map([...fn.outputs.keys()].map((identifier) => [identifier, { permissions, transient: false }])),
    });
    await call('ComputeTaskService/RegisterTasks', RegisterTasksParam, { tasks: [task] });
    const action = { computeTaskKey: task.key, action: ComputeTaskAction.TASK_ACTION_EXECUTING, log: '' };
    await call('ComputeTaskService/ApplyTaskAction', ApplyTaskActionParam, action);
    const models = [build.buildNewModel(random, { computeTaskKey: task.key })];
    await call('ModelService/RegisterModels', RegisterModelsParam, { models });
    const performance = build.buildNewPerformance(random, { computeTaskKey: task.key });
    await call('PerformanceService/RegisterPerformance', NewPerformance, performance);
    const step = build.buildProfilingStep(random, { assetKey: task.key });
    await call('ProfilingService/RegisterProfilingStep', ProfilingStep, step);
    const report = build.buildNewFailureReport(random, { assetKey: task.key });
    await call('FailureReportService/RegisterFailureReport', NewFailureReport, report);
    const kinds = new Set(store.events('mychannel').map((event) => event.value.assetKind));
    const missing = Object.values(AssetKind).filter((kind) => !kinds.has(kind));
    expect(missing).toEqual([AssetKind.ASSET_UNKNOWN]);
  });
});
