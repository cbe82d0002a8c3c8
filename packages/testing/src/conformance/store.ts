import type { Dbal, TransactionContext } from '@orchestrator/lib';

/** What happens in a transaction. It may be run more than once: an adapter repeats it after a conflict. */
export type ConformanceWork<T> = (dbal: Dbal, context: TransactionContext) => Promise<T>;

/** A store as the conformance suite sees it: what an adapter has to offer besides the port. */
export interface ConformanceStore extends AsyncDisposable {
  /** How many assets one transaction can write; 2,000 when absent. */
  readonly maxBatchSize?: number | undefined;
  /** Gives the name of a channel that holds nothing yet. */
  openChannel(): Promise<string>;
  /**
   * Runs `work` in a writing transaction: committed when it resolves, rolled back when it rejects; the promise then
   * rejects with the same error.
   */
  write<T>(channel: string, work: ConformanceWork<T>): Promise<T>;
  /** Runs `work` in a transaction that only reads. */
  read<T>(channel: string, work: ConformanceWork<T>): Promise<T>;
}
