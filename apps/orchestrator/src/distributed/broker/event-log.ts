import type { EventLog, Lag, LoggedEvent } from '../../broker/publisher/ports.ts';
import { LEDGER_START, type LedgerCursor } from '../events/ledger-event.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { Outbox, OutboxStart } from './outbox.ts';

export interface LedgerEventLogParts {
  readonly store: CheckpointStore;
  readonly outbox: Outbox;
}

/** Where the events behind a checkpoint begin. */
export function startAt(checkpoint: Checkpoint | undefined): OutboxStart {
  if (checkpoint === undefined) return { position: 0n, cursor: LEDGER_START };
  const cursor: LedgerCursor = { block: checkpoint.block, after: checkpoint.event };
  return { position: checkpoint.position, cursor };
}

/** The ledger's events for the publisher. The lag is known while the broker is away, too. */
export class LedgerEventLog implements EventLog {
  readonly #parts: LedgerEventLogParts;

  constructor(parts: LedgerEventLogParts) {
    this.#parts = parts;
  }

  readAfter(channel: string, position: bigint): Promise<readonly LoggedEvent[]> {
    return this.#parts.outbox.readAfter(channel, position);
  }

  /** As far as it is known: events beyond some thousands are not counted. */
  async readLag(channel: string): Promise<Lag> {
    const { store, outbox } = this.#parts;
    const checkpoint = await store.peek(channel);
    if (!outbox.has(channel)) outbox.begin(channel, startAt(checkpoint));
    // Another server may be the one that publishes.
    else if (checkpoint !== undefined) outbox.confirm(channel, checkpoint.position);
    return outbox.readLag(channel);
  }
}
