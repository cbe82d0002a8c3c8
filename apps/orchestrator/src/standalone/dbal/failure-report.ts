import { FailureReport, type FailureReportDbal, isUuid, Stored } from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';

const SELECT: Statement = {
  name: 'select_failure_report',
  text: 'SELECT asset FROM failure_reports WHERE channel = $1 AND asset_key = $2',
};

const INSERT: Statement = {
  name: 'insert_failure_report',
  text: `INSERT INTO failure_reports (channel, asset_key, asset) VALUES ($1, $2, $3)
    ON CONFLICT (channel, asset_key) DO UPDATE SET asset = excluded.asset`,
};

export class PostgresFailureReportDbal implements FailureReportDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  async getFailureReport(assetKey: string): Promise<Stored<FailureReport> | undefined> {
    if (!isUuid(assetKey)) return undefined;
    const [row] = await this.#scope.sql.query(SELECT, [this.#scope.channelId, assetKey]);
    return row === undefined ? undefined : new Stored(FailureReport, row[0] as Uint8Array);
  }

  addFailureReport(report: FailureReport): void {
    const bytes = FailureReport.encode(report).finish();
    this.#scope.sql.send(INSERT, [this.#scope.channelId, report.assetKey, bytes]);
  }
}
