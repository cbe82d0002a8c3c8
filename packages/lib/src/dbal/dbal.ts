import type { ComputePlanDbal } from './compute-plan.ts';
import type { ComputeTaskDbal } from './compute-task.ts';
import type { DataManagerDbal } from './data-manager.ts';
import type { DataSampleDbal } from './data-sample.ts';
import type { EventDbal } from './event.ts';
import type { FailureReportDbal } from './failure-report.ts';
import type { FunctionDbal } from './function.ts';
import type { ModelDbal } from './model.ts';
import type { OrganizationDbal } from './organization.ts';
import type { PerformanceDbal } from './performance.ts';
import type { ReplayDbal } from './replay.ts';

/**
 * The store as the business logic sees it: one transaction in one channel.
 *
 * - Reads see the transaction's own writes, made before them.
 * - Writes return at once; an adapter may send them later. What goes wrong with them fails the commit.
 * - Reads started together (`Promise.all`) may share one round trip.
 * - A key that an asset cannot have (no UUID) exists nowhere.
 * - Nothing of another channel can be seen.
 */
export interface Dbal {
  readonly organization: OrganizationDbal;
  readonly function: FunctionDbal;
  readonly dataManager: DataManagerDbal;
  readonly dataSample: DataSampleDbal;
  readonly computePlan: ComputePlanDbal;
  readonly computeTask: ComputeTaskDbal;
  readonly model: ModelDbal;
  readonly performance: PerformanceDbal;
  readonly failureReport: FailureReportDbal;
  readonly event: EventDbal;
  readonly replay: ReplayDbal;
}
