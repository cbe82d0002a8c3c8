import type { StoredEvent } from '../dbal/event-log.ts';

/** A prepared statement: its name is unique and stands for its text for ever. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  /** Its rows come in PostgreSQL's binary form: cheaper for bytes, but only for the types that `binary-values.ts` reads. */
  readonly isBinary?: boolean;
}

/**
 * Where statements run: one transaction's session, or a pool where each statement stands by itself.
 *
 * Statements are sent at once and answered in order (pipelining): those started together share a round trip.
 */
export interface SqlExecutor {
  /** Runs a statement for its rows, each an array of column values in the order of the select list. */
  query(statement: Statement, parameters: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
  /** Sends a statement whose rows nobody wants; what goes wrong with it fails the commit. */
  send(statement: Statement, parameters: readonly unknown[]): void;
}

/** What the PostgreSQL DBAL knows of its transaction. */
export interface PostgresScope {
  readonly sql: SqlExecutor;
  /** `channels.id`. */
  readonly channelId: number;
  /** `channels.name`. */
  readonly channel: string;
  /** Takes the next `count` positions of the channel's event log and returns the first one. Only in writing transactions. */
  takePositions(count: number): bigint;
  /** Told of the events that the transaction stores, in order, before they are committed. */
  onEvents?(events: readonly StoredEvent[]): void;
}

