import type { LedgerEvent } from './ledger-event.ts';

/** The events of the transactions that were read last: several streams may pass the same ones. */
export class ParsedTransactions {
  readonly #maxBytes: number;
  /** The last one used is the last one here. */
  readonly #transactions = new Map<string, { readonly events: readonly LedgerEvent[]; readonly bytes: number }>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The events of a transaction, as far as they are known. */
  peek(transactionId: string): readonly LedgerEvent[] | undefined {
    return this.#transactions.get(transactionId)?.events;
  }

  /** The events of a transaction, parsed when they are not known. */
  get(transactionId: string, parse: () => readonly LedgerEvent[]): readonly LedgerEvent[] {
    const known = this.#transactions.get(transactionId);
    this.#transactions.delete(transactionId);
    const events = known?.events ?? parse();
    const bytes = known?.bytes ?? events.reduce((sum, event) => sum + event.bytes.length, 0);
    this.#transactions.set(transactionId, { events, bytes });
    if (known === undefined) this.#grow(bytes);
    return events;
  }

  #grow(bytes: number): void {
    this.#bytes += bytes;
    for (const [oldest, entry] of this.#transactions) {
      if (this.#bytes <= this.#maxBytes) return;
      this.#transactions.delete(oldest);
      this.#bytes -= entry.bytes;
    }
  }
}
