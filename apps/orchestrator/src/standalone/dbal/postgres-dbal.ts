import type { Dbal } from '@orchestrator/lib';
import type { PostgresScope } from '../sql/executor.ts';
import { PostgresComputePlanDbal } from './compute-plan.ts';
import { PostgresComputeTaskDbal } from './compute-task.ts';
import { PostgresDataManagerDbal } from './data-manager.ts';
import { PostgresDataSampleDbal } from './data-sample.ts';
import { PostgresEventDbal } from './event.ts';
import { PostgresFailureReportDbal } from './failure-report.ts';
import { PostgresFunctionDbal } from './function.ts';
import { PostgresModelDbal } from './model.ts';
import { PostgresOrganizationDbal } from './organization.ts';
import { PostgresPerformanceDbal } from './performance.ts';
import { PostgresReplayDbal } from './replay.ts';

/** The store of one transaction, in PostgreSQL. Every method is one statement, whatever the number of assets. */
export function createPostgresDbal(scope: PostgresScope): Dbal {
  return {
    organization: new PostgresOrganizationDbal(scope),
    function: new PostgresFunctionDbal(scope),
    dataManager: new PostgresDataManagerDbal(scope),
    dataSample: new PostgresDataSampleDbal(scope),
    computePlan: new PostgresComputePlanDbal(scope),
    computeTask: new PostgresComputeTaskDbal(scope),
    model: new PostgresModelDbal(scope),
    performance: new PostgresPerformanceDbal(scope),
    failureReport: new PostgresFailureReportDbal(scope),
    event: new PostgresEventDbal(scope),
    replay: new PostgresReplayDbal(scope),
  };
}
