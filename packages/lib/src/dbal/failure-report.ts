import type { Stored } from '../codec/codec.ts';
import type { FailureReport } from '../gen/orchestrator/failure_report.ts';

/** Failure reports of the transaction's channel, at most one per asset. */
export interface FailureReportDbal {
  getFailureReport(assetKey: string): Promise<Stored<FailureReport> | undefined>;
  addFailureReport(report: FailureReport): void;
}
