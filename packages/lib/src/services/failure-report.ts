import type { Stored } from '../codec/codec.ts';
import { notFound } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import { FailedAssetKind, type FailureReport, type NewFailureReport } from '../gen/orchestrator/failure_report.ts';
import { FunctionAction } from '../gen/orchestrator/function.ts';
import { toTimestamp } from '../time/instant.ts';
import type { ComputeTaskService } from './compute-task.ts';
import type { FunctionService } from './function.ts';
import { requireExecuting, requireTask, requireWorker } from './output-rules.ts';
import { FAILURE_REPORT_REGISTERED } from './reasons.ts';
import type { Scope } from './scope.ts';

/** Failure reports: where to find out why a task or a function failed. */
export class FailureReportService {
  readonly #scope: Scope;
  readonly #computeTask: ComputeTaskService;
  readonly #function: FunctionService;

  constructor(scope: Scope, computeTask: ComputeTaskService, fn: FunctionService) {
    this.#scope = scope;
    this.#computeTask = computeTask;
    this.#function = fn;
  }

  /**
   * Reports and fails the task or function. A second report about it meets the status that the first left behind.
   *
   * @throws OrchestrationError OE0002, OE0102, OE0003 (task), OE0104 (function)
   */
  async registerFailureReport(asked: NewFailureReport): Promise<FailureReport> {
    const { context, dbal, events } = this.#scope;
    if (asked.assetType === FailedAssetKind.FAILED_ASSET_COMPUTE_TASK) await this.#failTask(asked.assetKey);
    else await this.#failFunction(asked.assetKey);
    const report: FailureReport = {
      assetKey: asked.assetKey,
      errorType: asked.errorType,
      logsAddress: asked.logsAddress,
      creationDate: toTimestamp(context.instant),
      owner: context.mspid,
      assetType: asked.assetType,
    };
    dbal.failureReport.addFailureReport(report);
    events.add(changes.failureReportCreated(report));
    return report;
  }

  async #failTask(key: string): Promise<void> {
    const { context, dbal } = this.#scope;
    const task = requireTask(await dbal.computeTask.getComputeTasks([key]), key);
    requireWorker(task, context.mspid);
    requireExecuting(task);
    await this.#computeTask.failTask(task, FAILURE_REPORT_REGISTERED);
  }

  async #failFunction(key: string): Promise<void> {
    const fn = await this.#function.getOwnFunction(key);
    await this.#function.changeStatus(fn, FunctionAction.FUNCTION_ACTION_FAILED, FAILURE_REPORT_REGISTERED);
  }

  /** @throws OrchestrationError OE0002 */
  async getFailureReport(assetKey: string): Promise<Stored<FailureReport>> {
    const found = await this.#scope.dbal.failureReport.getFailureReport(assetKey);
    if (found === undefined) throw notFound('failurereport', assetKey);
    return found;
  }
}
