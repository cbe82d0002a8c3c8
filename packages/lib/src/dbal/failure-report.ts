import type { Stored } from '../codec/codec.ts';
import type { FailureReport } from '../gen/orchestrator/failure_report.ts';

/** Failure reports of the transaction's channel, one per key: the last one. */
export interface FailureReportDbal {
  getFailureReport(assetKey: string): Promise<Stored<FailureReport> | undefined>;
  /** One about another asset of the same key (a task and a function may share it) gives way. */
  addFailureReport(report: FailureReport): void;
}
