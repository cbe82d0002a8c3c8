import type { BrokerConfig } from '../../config/config.ts';
import type { Log } from '../../log/log.ts';
import { openPool, sessionConfig, type SessionSettings } from '../../standalone/sql/pools.ts';
import { BrokerPublisher, type PublishedChannels, type PublisherObserver } from '../publisher/publisher.ts';
import { PostgresEventLog } from './event-log.ts';
import { PostgresPublisherLock } from './publisher-lock.ts';

export interface PublisherParts {
  readonly broker: BrokerConfig;
  readonly session: SessionSettings;
  readonly pollIntervalMs: number;
  readonly channels: PublishedChannels;
  readonly observer: PublisherObserver;
  readonly log: Log;
  /** What is opened is put here. */
  readonly stack: AsyncDisposableStack;
}

/** Requests use none of the publisher's connections, and the other way round. */
const POOL_SIZE = 2;

/** Opens a publisher of the events in PostgreSQL. */
export function openPublisher({ broker, session, pollIntervalMs, channels, observer, log, stack }: PublisherParts): BrokerPublisher {
  const pool = openPool(session, POOL_SIZE, log);
  stack.defer(() => pool.end());
  const events = new PostgresEventLog(pool);
  const lock = stack.use(
    new PostgresPublisherLock({ session: sessionConfig(session), idOf: (channel) => events.idOf(channel), log }),
  );
  const { dsn, exchange } = broker;
  return stack.use(
    new BrokerPublisher({ dsn, exchange, pollIntervalMs, channels, events, cursors: lock, lock, observer, log }),
  );
}
