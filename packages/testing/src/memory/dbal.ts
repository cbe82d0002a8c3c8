import type { Dbal } from '@orchestrator/lib';
import type { ChannelState } from './channel-state.ts';
import { MemoryComputePlanDbal } from './compute-plan.ts';
import { MemoryComputeTaskDbal } from './compute-task.ts';
import { MemoryDataManagerDbal } from './data-manager.ts';
import { MemoryDataSampleDbal } from './data-sample.ts';
import { MemoryEventDbal } from './event.ts';
import { MemoryFailureReportDbal } from './failure-report.ts';
import { MemoryFunctionDbal } from './function.ts';
import { MemoryModelDbal } from './model.ts';
import { MemoryOrganizationDbal } from './organization.ts';
import { MemoryPerformanceDbal } from './performance.ts';
import { MemoryReplayDbal } from './replay.ts';

/** The port over a channel's state; what it writes goes straight into `state`. */
export function createMemoryDbal(state: ChannelState): Dbal {
  return {
    organization: new MemoryOrganizationDbal(state.organizations),
    function: new MemoryFunctionDbal(state),
    dataManager: new MemoryDataManagerDbal(state.dataManagers),
    dataSample: new MemoryDataSampleDbal(state.dataSamples),
    computePlan: new MemoryComputePlanDbal(state.computePlans),
    computeTask: new MemoryComputeTaskDbal(state),
    model: new MemoryModelDbal(state.models),
    performance: new MemoryPerformanceDbal(state.performances),
    failureReport: new MemoryFailureReportDbal(state.failureReports),
    event: new MemoryEventDbal(state.events),
    replay: new MemoryReplayDbal(state.replays),
  };
}
