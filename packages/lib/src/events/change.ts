import { performanceKey } from '../assets/performance.ts';
import { AssetKind } from '../gen/orchestrator/common.ts';
import type { ComputePlan } from '../gen/orchestrator/computeplan.ts';
import type { ComputeTask, ComputeTaskOutputAsset } from '../gen/orchestrator/computetask.ts';
import type { DataManager } from '../gen/orchestrator/datamanager.ts';
import type { DataSample } from '../gen/orchestrator/datasample.ts';
import { EventKind } from '../gen/orchestrator/event.ts';
import type { FailureReport } from '../gen/orchestrator/failure_report.ts';
import type { FunctionMessage as OrchestratorFunction } from '../gen/orchestrator/function.ts';
import type { Model } from '../gen/orchestrator/model.ts';
import type { Organization } from '../gen/orchestrator/organization.ts';
import type { Performance } from '../gen/orchestrator/performance.ts';
import type { ProfilingStep } from '../gen/orchestrator/profiling.ts';
import type { Change, EventAsset } from './sink.ts';

const { EVENT_ASSET_CREATED: CREATED, EVENT_ASSET_UPDATED: UPDATED, EVENT_ASSET_DISABLED: DISABLED } = EventKind;

/** The metadata key that says why a status changed. */
const REASON = 'reason';

interface Subject {
  readonly assetKind: AssetKind;
  readonly assetKey: string;
  readonly asset: EventAsset;
}

function change(eventKind: EventKind, subject: Subject, reason?: string): Change {
  return reason === undefined
    ? { eventKind, ...subject }
    : { eventKind, ...subject, metadata: new Map([[REASON, reason]]) };
}

function functionSubject(fn: OrchestratorFunction): Subject {
  return { assetKind: AssetKind.ASSET_FUNCTION, assetKey: fn.key, asset: { $case: 'function', value: fn } };
}

function dataManagerSubject(dataManager: DataManager): Subject {
  const asset: EventAsset = { $case: 'dataManager', value: dataManager };
  return { assetKind: AssetKind.ASSET_DATA_MANAGER, assetKey: dataManager.key, asset };
}

function dataSampleSubject(dataSample: DataSample): Subject {
  const asset: EventAsset = { $case: 'dataSample', value: dataSample };
  return { assetKind: AssetKind.ASSET_DATA_SAMPLE, assetKey: dataSample.key, asset };
}

function computePlanSubject(computePlan: ComputePlan): Subject {
  const asset: EventAsset = { $case: 'computePlan', value: computePlan };
  return { assetKind: AssetKind.ASSET_COMPUTE_PLAN, assetKey: computePlan.key, asset };
}

function computeTaskSubject(computeTask: ComputeTask): Subject {
  const asset: EventAsset = { $case: 'computeTask', value: computeTask };
  return { assetKind: AssetKind.ASSET_COMPUTE_TASK, assetKey: computeTask.key, asset };
}

function modelSubject(model: Model): Subject {
  return { assetKind: AssetKind.ASSET_MODEL, assetKey: model.key, asset: { $case: 'model', value: model } };
}

/** The changes that are events, one constructor each: what became of the asset, and the whole asset after it. */
export const changes = {
  organizationCreated: (organization: Organization): Change =>
    change(CREATED, {
      assetKind: AssetKind.ASSET_ORGANIZATION,
      assetKey: organization.id,
      asset: { $case: 'organization', value: organization },
    }),
  functionCreated: (fn: OrchestratorFunction): Change => change(CREATED, functionSubject(fn)),
  functionUpdated: (fn: OrchestratorFunction): Change => change(UPDATED, functionSubject(fn)),
  functionStatusChanged: (fn: OrchestratorFunction, reason: string): Change =>
    change(UPDATED, functionSubject(fn), reason),
  dataManagerCreated: (dataManager: DataManager): Change => change(CREATED, dataManagerSubject(dataManager)),
  dataManagerUpdated: (dataManager: DataManager): Change => change(UPDATED, dataManagerSubject(dataManager)),
  dataSampleCreated: (dataSample: DataSample): Change => change(CREATED, dataSampleSubject(dataSample)),
  dataSampleUpdated: (dataSample: DataSample): Change => change(UPDATED, dataSampleSubject(dataSample)),
  computePlanCreated: (plan: ComputePlan): Change => change(CREATED, computePlanSubject(plan)),
  computePlanUpdated: (plan: ComputePlan): Change => change(UPDATED, computePlanSubject(plan)),
  computeTaskCreated: (task: ComputeTask): Change => change(CREATED, computeTaskSubject(task)),
  computeTaskStatusChanged: (task: ComputeTask, reason: string): Change =>
    change(UPDATED, computeTaskSubject(task), reason),
  modelCreated: (model: Model): Change => change(CREATED, modelSubject(model)),
  modelDisabled: (model: Model): Change => change(DISABLED, modelSubject(model)),
  performanceCreated: (performance: Performance): Change =>
    change(CREATED, {
      assetKind: AssetKind.ASSET_PERFORMANCE,
      assetKey: performanceKey(performance),
      asset: { $case: 'performance', value: performance },
    }),
  /** Its key is the task's: the asset that was registered is inside. */
  outputAssetCreated: (computeTaskOutputAsset: ComputeTaskOutputAsset): Change =>
    change(CREATED, {
      assetKind: AssetKind.ASSET_COMPUTE_TASK_OUTPUT_ASSET,
      assetKey: computeTaskOutputAsset.computeTaskKey,
      asset: { $case: 'computeTaskOutputAsset', value: computeTaskOutputAsset },
    }),
  failureReportCreated: (failureReport: FailureReport): Change =>
    change(CREATED, {
      assetKind: AssetKind.ASSET_FAILURE_REPORT,
      assetKey: failureReport.assetKey,
      asset: { $case: 'failureReport', value: failureReport },
    }),
  profilingStepCreated: (profilingStep: ProfilingStep): Change =>
    change(CREATED, {
      assetKind: AssetKind.ASSET_PROFILING_STEP,
      assetKey: profilingStep.assetKey,
      asset: { $case: 'profilingStep', value: profilingStep },
    }),
} as const;
