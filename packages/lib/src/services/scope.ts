import type { Dbal } from '../dbal/dbal.ts';
import type { EventSink } from '../events/sink.ts';
import type { Instant } from '../time/instant.ts';

/** Who asks, where, and when: what a transaction knows beside the store. */
export interface TransactionContext {
  readonly channel: string;
  /** The calling organization. */
  readonly mspid: string;
  /**
   * The transaction time, the same for everything that the request writes. An adapter may learn it with the answer
   * to the first read: writing procedures read before they ask for it.
   */
  readonly instant: Instant;
  /** The id of the request's event number `index`, counted from 0. */
  eventId(index: number): string;
  /**
   * Asked now and then by long work. Undefined when it may go on at once, else what resolves when others have had their
   * turn; adapters without others leave it out.
   */
  pause?(): Promise<void> | undefined;
}

/** Settings of the business logic. */
export interface ServiceSettings {
  /** What QueryVersion answers, never empty. */
  readonly version: string;
  /** Most bytes of the items of a page. */
  readonly maxPageBytes: number;
}

/** What the services of one transaction share. */
export interface Scope {
  readonly context: TransactionContext;
  readonly dbal: Dbal;
  readonly events: EventSink;
  readonly settings: ServiceSettings;
}
