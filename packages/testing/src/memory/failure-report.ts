import { FailureReport, type FailureReportDbal, Stored, creationInstant } from '@orchestrator/lib';
import type { Row, Table } from './table.ts';

export class MemoryFailureReportDbal implements FailureReportDbal {
  readonly #reports: Table<Row<FailureReport>>;

  constructor(reports: Table<Row<FailureReport>>) {
    this.#reports = reports;
  }

  async getFailureReport(assetKey: string): Promise<Stored<FailureReport> | undefined> {
    return this.#reports.get(assetKey)?.stored;
  }

  addFailureReport(report: FailureReport): void {
    const rank = { instant: creationInstant(report), texts: [report.assetKey] };
    this.#reports.set({ id: report.assetKey, rank, stored: Stored.of(FailureReport, report) });
  }
}
