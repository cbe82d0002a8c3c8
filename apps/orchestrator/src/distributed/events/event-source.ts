import { type LedgerCursor, type LedgerEvent, parseEventId } from './ledger-event.ts';

/** The events of one transaction, at least one. */
export type TransactionEvents = readonly [LedgerEvent, ...LedgerEvent[]];

/** The events of one chaincode on one channel, as a peer tells them. */
export interface EventSource {
  /** The number of blocks that the ledger has. @throws when no peer answers. */
  readHeight(): Promise<bigint>;
  /** What tells this ledger from another one of the same channel name. @throws when no peer answers. */
  readIdentity(): Promise<string>;
  /**
   * Where an event is; undefined when the ledger has no such event of the chaincode.
   *
   * @param mspid the organization whose peer is asked, which may be ahead of others; any one when left out.
   * @throws when no peer answers.
   */
  find(eventId: string, mspid?: string): Promise<LedgerCursor | undefined>;
  /**
   * The events from the first one of a block on, in the ledger's order, and then those to come. Ends with an error only:
   * a connection that is lost is not taken up again.
   */
  follow(startBlock: bigint, signal: AbortSignal): AsyncIterable<TransactionEvents>;
}

/** The ledger is not the one that was read before. Permanent, until somebody puts it right. */
export class LedgerChangedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'LedgerChangedError';
  }
}

/**
 * Follows a source from behind a place on.
 *
 * It starts with the place's whole block and passes over what comes before the place: a peer that is asked to start behind
 * a transaction stays silent for ever when it doesn't know that transaction.
 *
 * @throws LedgerChangedError when the block lacks the event at the place.
 */
export async function* followAfter(source: EventSource, cursor: LedgerCursor, signal: AbortSignal): AsyncGenerator<readonly LedgerEvent[]> {
  let sought = cursor.after;
  for await (const events of source.follow(cursor.block, signal)) {
    if (sought === undefined) {
      yield events;
      continue;
    }
    const found = events.findIndex(({ id }) => id === sought);
    if (found === -1) {
      if (events[0].block > cursor.block) throw lacksEvent(cursor);
      continue;
    }
    sought = undefined;
    const rest = events.slice(found + 1);
    if (rest.length > 0) yield rest;
  }
}

function lacksEvent({ block, after = '' }: LedgerCursor): LedgerChangedError {
  const transaction = parseEventId(after)?.transactionId ?? after;
  return new LedgerChangedError(`block ${block} of the ledger has no events of transaction ${transaction} any more: it is another ledger`);
}
