import { FailureReport, type FailureReportDbal, type Stored } from '@orchestrator/lib';
import { AssetStore } from './asset-store.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

export class LedgerFailureReportDbal implements FailureReportDbal {
  readonly #transaction: LedgerTransaction;
  readonly #store: AssetStore<FailureReport>;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
    this.#store = new AssetStore(transaction, { kind: 'failurereport', message: 'FailureReport', codec: FailureReport });
  }

  async getFailureReport(assetKey: string): Promise<Stored<FailureReport> | undefined> {
    return (await this.#store.get([assetKey])).get(assetKey);
  }

  addFailureReport(report: FailureReport): void {
    // Queued, so that it stays behind what was written before it.
    this.#transaction.later(async () => this.#store.write([report.assetKey], report));
  }
}
