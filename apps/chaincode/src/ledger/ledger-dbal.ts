import { ComputeTask, type Dbal } from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import { LedgerComputePlanDbal } from './compute-plan.ts';
import { LedgerComputeTaskDbal } from './compute-task.ts';
import { LedgerDataManagerDbal } from './data-manager.ts';
import { LedgerDataSampleDbal } from './data-sample.ts';
import { LedgerEventDbal } from './event.ts';
import { LedgerFailureReportDbal } from './failure-report.ts';
import { LedgerFunctionDbal } from './function.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';
import { LedgerModelDbal } from './model.ts';
import { LedgerOrganizationDbal } from './organization.ts';
import { LedgerPerformanceDbal } from './performance.ts';
import { LedgerReplayDbal } from './replay.ts';

/**
 * The store as one transaction on the ledger sees it.
 *
 * @param onEvents is told the JSON texts of the events that are added.
 */
export function createLedgerDbal(transaction: LedgerTransaction, onEvents: (texts: readonly string[]) => void): Dbal {
  const tasks = new AssetStore(transaction, { kind: 'computetask', message: 'ComputeTask', codec: ComputeTask });
  const organization = new LedgerOrganizationDbal(transaction);
  const fn = new LedgerFunctionDbal(transaction);
  const dataManager = new LedgerDataManagerDbal(transaction);
  const dataSample = new LedgerDataSampleDbal(transaction);
  const computePlan = new LedgerComputePlanDbal(transaction);
  const model = new LedgerModelDbal(transaction, tasks);
  const computeTask = new LedgerComputeTaskDbal(transaction, tasks, {
    computePlans: { get: (keys) => computePlan.getComputePlans(keys) },
    functions: { get: (keys) => fn.getFunctions(keys) },
    dataManagers: { get: (keys) => dataManager.getDataManagers(keys) },
    dataSamples: { get: (keys) => dataSample.getDataSamples(keys) },
    models: { get: (keys) => model.getModels(keys) },
    organizations: organization,
  });
  return {
    organization,
    function: fn,
    dataManager,
    dataSample,
    computePlan,
    computeTask,
    model,
    performance: new LedgerPerformanceDbal(transaction),
    failureReport: new LedgerFailureReportDbal(transaction),
    event: new LedgerEventDbal(transaction, onEvents),
    replay: new LedgerReplayDbal(transaction),
  };
}
