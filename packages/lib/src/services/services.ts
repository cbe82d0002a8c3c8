import { ComputePlanService } from './compute-plan.ts';
import { ComputeTaskService } from './compute-task.ts';
import { DataManagerService } from './data-manager.ts';
import { DataSampleService } from './data-sample.ts';
import { DatasetService } from './dataset.ts';
import { EventService } from './event.ts';
import { FailureReportService } from './failure-report.ts';
import { FunctionService } from './function.ts';
import { InfoService } from './info.ts';
import { ModelService } from './model.ts';
import { OrganizationService } from './organization.ts';
import { PerformanceService } from './performance.ts';
import { PermissionService } from './permission.ts';
import { ProfilingService } from './profiling.ts';
import type { Scope } from './scope.ts';

/** The services of one transaction. */
export interface Services {
  readonly organization: OrganizationService;
  readonly function: FunctionService;
  readonly dataManager: DataManagerService;
  readonly dataSample: DataSampleService;
  readonly dataset: DatasetService;
  readonly computePlan: ComputePlanService;
  readonly computeTask: ComputeTaskService;
  readonly model: ModelService;
  readonly performance: PerformanceService;
  readonly failureReport: FailureReportService;
  readonly profiling: ProfilingService;
  readonly event: EventService;
  readonly info: InfoService;
}

/** Builds the services of one transaction. */
export function createServices(scope: Scope): Services {
  const permission = new PermissionService(scope);
  const computePlan = new ComputePlanService(scope, permission);
  const computeTask = new ComputeTaskService(scope, computePlan);
  const fn = new FunctionService(scope, permission, computeTask);
  return {
    organization: new OrganizationService(scope),
    function: fn,
    dataManager: new DataManagerService(scope, permission),
    dataSample: new DataSampleService(scope, permission),
    dataset: new DatasetService(scope),
    computePlan,
    computeTask,
    model: new ModelService(scope),
    performance: new PerformanceService(scope),
    failureReport: new FailureReportService(scope, computeTask, fn),
    profiling: new ProfilingService(scope),
    event: new EventService(scope),
    info: new InfoService(scope),
  };
}
