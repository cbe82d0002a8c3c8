import { BrokerPublisher, type PublishedChannels, type PublisherObserver } from '../../broker/publisher/publisher.ts';
import type { BrokerConfig } from '../../config/config.ts';
import type { Log } from '../../log/log.ts';
import type { LedgerFeeds } from '../events/feeds.ts';
import { CheckpointError } from './checkpoint.ts';
import { CheckpointStore } from './checkpoint-store.ts';
import { LedgerEventLog } from './event-log.ts';
import { Outbox } from './outbox.ts';
import { LedgerPublisherLock } from './publisher-lock.ts';
import { verifyCheckpoint } from './verify-checkpoint.ts';

/** The channels, with the chaincodes whose events are published. */
export interface LedgerChannels extends PublishedChannels {
  chaincodeOf(channel: string): string | undefined;
}

export interface LedgerPublisherParts {
  readonly broker: BrokerConfig;
  /** Where the checkpoints are. */
  readonly eventIndexFile: string;
  readonly channels: LedgerChannels;
  readonly feeds: LedgerFeeds;
  readonly observer: PublisherObserver;
  readonly log: Log;
  /** What is opened is put here. */
  readonly stack: AsyncDisposableStack;
}

/** How often the log is looked at when nothing tells of new events: feeds tell of all of them. */
const POLL_INTERVAL_MS = 2000;

/** So long a start waits for peers to say whether the checkpoints are of their ledgers. */
const VERIFY_TIMEOUT_MS = 5000;

/**
 * Opens a publisher of the ledger's events, which is to be started.
 *
 * @throws CheckpointError when the checkpoints can't be written, or one is not of its ledger. While no peer answers that is left open: the channel is
 *   not published then until it is known.
 */
export async function openLedgerPublisher(parts: LedgerPublisherParts): Promise<BrokerPublisher> {
  const { broker, eventIndexFile, channels, feeds, observer, log, stack } = parts;
  const store = stack.use(new CheckpointStore(eventIndexFile));
  await store.prepare();
  await verifyAll(parts, store);
  const chaincodeOf = (channel: string): string => {
    const chaincode = channels.chaincodeOf(channel);
    if (chaincode === undefined) throw new Error(`the channel configuration names no chaincode of channel ${channel}: none of its events is published`);
    return chaincode;
  };
  const outbox = stack.use(new Outbox((channel, cursor) => feeds.read({ channel, chaincode: chaincodeOf(channel) }, cursor)));
  const openSource = (channel: string, chaincode: string) => feeds.openSource({ channel, chaincode });
  const lock = new LedgerPublisherLock({ store, outbox, exchange: broker.exchange, chaincodeOf, openSource });
  const events = new LedgerEventLog({ store, outbox });
  const { dsn, exchange } = broker;
  const publisher = stack.use(
    new BrokerPublisher({ dsn, exchange, pollIntervalMs: POLL_INTERVAL_MS, channels, events, cursors: lock, lock, observer, log }),
  );
  outbox.onEvents((channel) => publisher.wake(channel));
  return publisher;
}

async function verifyAll({ channels, feeds, log }: LedgerPublisherParts, store: CheckpointStore): Promise<void> {
  await Promise.all(
    channels.channels().map(async (channel) => {
      const [checkpoint, chaincode] = [await store.peek(channel), channels.chaincodeOf(channel)];
      if (checkpoint === undefined || chaincode === undefined) return;
      const checking = verifyCheckpoint({ path: store.path, channel, chaincode, checkpoint, source: feeds.openSource({ channel, chaincode }) });
      try {
        await withTimeout(checking, VERIFY_TIMEOUT_MS);
      } catch (error) {
        if (error instanceof CheckpointError) throw error;
        log.warn({ channel, error }, `no peer says yet whether the checkpoint of channel ${channel} is of its ledger`);
      }
    }),
  );
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
