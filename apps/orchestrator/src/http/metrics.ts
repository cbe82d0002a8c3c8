import type { CallObserver } from '../grpc/call-observer.ts';
import type { PublisherObserver } from '../broker/publisher/publisher.ts';
import type { CertificateExpiry } from '../trust/expiry.ts';
import type { EventSummary } from './task-changes.ts';

/** Tasks of a channel that came to a status. */
export interface TaskUpdate {
  readonly channel: string;
  /** Its name, as `STATUS_DONE`. */
  readonly status: string;
  /** How many tasks one request brought there. */
  readonly cascadeSize: number;
}

/** What happens to transactions on the ledger, in distributed mode. */
export interface LedgerMetrics {
  /** A proposal was sent to a peer. */
  attempted(): void;
  /** A transaction lost against another, or the peers did not agree on it. */
  conflicted(): void;
  /** It became unclear whether a transaction arrived at the ledger. */
  ambiguous(): void;
  /** What became of such a transaction. */
  resolved(fate: 'committed' | 'invalid' | 'unknown'): void;
}

/** A pool of database connections. */
export interface PoolState {
  /** Connections that are open. */
  readonly open: number;
  /** Those of them that nobody uses. */
  readonly idle: number;
  /** Who waits for one. */
  readonly waiting: number;
  /** Most connections that it opens. */
  readonly limit: number;
}

/** What a store says of itself at a moment. */
export interface StoreState {
  /** By what the connections are for. */
  pools(): ReadonlyMap<string, PoolState>;
  /** How many writing requests wait for their turn, by channel. */
  lines(): ReadonlyMap<string, number>;
  /** How many events the slowest subscriber of a channel has not been handed yet, by channel. */
  subscriberLags(): ReadonlyMap<string, number>;
}

/** What the layers below tell of their work. None of it throws. */
export interface Metrics {
  /** Follows the gRPC calls. */
  readonly calls: CallObserver;
  /** Follows the publishing to the broker. */
  readonly broker: PublisherObserver;
  readonly ledger: LedgerMetrics;
  /** Reads task metrics from the events of one committed request. */
  observeEvents(channel: string, events: Iterable<EventSummary>): void;
  /** One request registered `batchSize` tasks. */
  taskRegistered(channel: string, batchSize: number): void;
  taskUpdated(update: TaskUpdate): void;
  /** A transaction for a procedure, in the database or on the ledger, ended as `committed`, `refused` or `failed`. */
  transaction(method: string, outcome: string): void;
  transactionRetried(): void;
  /** A writing request's turn in its channel has come. @param waitedMs since it took its place. */
  turnCame(channel: string, waitedMs: number): void;
  /** From now on, each scrape asks this store for its state. */
  observeStore(store: StoreState): void;
  /** Events were handed to subscribers. */
  eventsSent(count: number): void;
  subscriberAdded(channel: string): void;
  subscriberRemoved(channel: string): void;
  /** Asks `list` for the certificates in force whenever somebody wants to know when they end. */
  watchCertificates(list: () => readonly CertificateExpiry[]): void;
}

const ignore = (): void => undefined;

/** For a server without metrics: forgets everything. */
export const noMetrics: Metrics = {
  calls: { onEnd: ignore },
  broker: { published: ignore, unconfirmed: ignore, publishing: ignore, lag: ignore, removed: ignore, reconnected: ignore },
  ledger: { attempted: ignore, conflicted: ignore, ambiguous: ignore, resolved: ignore },
  observeEvents: ignore,
  taskRegistered: ignore,
  taskUpdated: ignore,
  transaction: ignore,
  transactionRetried: ignore,
  turnCame: ignore,
  observeStore: ignore,
  eventsSent: ignore,
  subscriberAdded: ignore,
  subscriberRemoved: ignore,
  watchCertificates: ignore,
};
