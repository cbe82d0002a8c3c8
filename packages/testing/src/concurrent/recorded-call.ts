import type { Event } from '@orchestrator/lib';

/** What a client heard in the end. */
export type HeardOutcome =
  | { readonly kind: 'answered'; readonly bytes: Uint8Array }
  /** For good: `code` is the number of the gRPC status. */
  | { readonly kind: 'refused'; readonly code: number; readonly message: string }
  /** Nothing that says whether the call was carried out. */
  | { readonly kind: 'unknown' };

/** A call of one of many clients at a time, and what it came to after all its attempts. */
export interface RecordedCall {
  readonly channel: string;
  readonly mspid: string;
  /** `<service>/<method>`. */
  readonly procedure: string;
  readonly request: object;
  /** When it was first sent, in the order of everything that clients sent and heard. */
  readonly sentAt: number;
  /** When its outcome was heard; Infinity for one that is unknown: it may be carried out later. */
  readonly heardAt: number;
  readonly outcome: HeardOutcome;
  /** An attempt before the refused one was never answered: the call may have been carried out after its refusal. */
  readonly hasOpenAttempt?: boolean;
}

/** All that happened in one channel, which was empty before. */
export interface ConcurrentHistory {
  readonly channel: string;
  readonly calls: readonly RecordedCall[];
  /** The whole event stream, in the order of commit. */
  readonly events: readonly Event[];
  /** The transaction of an event, from its id. */
  readonly transactionOf: (eventId: string) => string;
  /** Where an answered write is seen by whatever is sent afterwards: at every server, or at the peer of its organization. */
  readonly visibleAt: 'every-server' | 'own-peer';
}

/** Does something wrong stand in the history? The message says what. */
export class Unexplained extends Error {
  constructor(what: string) {
    super(what);
    this.name = 'Unexplained';
  }
}
