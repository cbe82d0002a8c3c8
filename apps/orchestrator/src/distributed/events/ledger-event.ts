/** An event as the ledger has it. */
export interface LedgerEvent {
  /** `<transaction id>:<index>` */
  readonly id: string;
  /** The number of its block. */
  readonly block: bigint;
  /** In its wire form. */
  readonly bytes: Uint8Array;
}

/** A place between a channel's events. */
export interface LedgerCursor {
  readonly block: bigint;
  /** The event of the block behind which the place is; without it the place is before the block's first event. */
  readonly after?: string | undefined;
}

/** Before a channel's first event. */
export const LEDGER_START: LedgerCursor = { block: 0n };

/** The two parts of an event's id. */
export interface EventIdParts {
  readonly transactionId: string;
  readonly index: number;
}

const EVENT_ID = /^([0-9a-f]{64}):(0|[1-9]\d{0,8})$/;

/** Undefined for an id that no event of a ledger can have. */
export function parseEventId(id: string): EventIdParts | undefined {
  const [, transactionId, index] = EVENT_ID.exec(id) ?? [];
  return transactionId === undefined ? undefined : { transactionId, index: Number(index) };
}

/** The id of a transaction's event. */
export function formatEventId({ transactionId, index }: EventIdParts): string {
  return `${transactionId}:${index}`;
}

/** The place behind an event. */
export function cursorAfter({ block, id }: LedgerEvent): LedgerCursor {
  return { block, after: id };
}

/** The same text for the same place. */
export function cursorKey({ block, after }: LedgerCursor): string {
  return `${block}/${after ?? ''}`;
}
