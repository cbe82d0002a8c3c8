import type { PublishedChannels } from '../../broker/publisher/publisher.ts';
import type { DistributedConfig } from '../../config/config.ts';
import type { Log } from '../../log/log.ts';
import { FabricEventSource, type LedgerConnections } from './fabric-event-source.ts';
import { LedgerFeeds } from './feeds.ts';

/** A stream waits so long for a peer that is out of reach, and asks so often. */
const OUTAGE_TIMEOUT_MS = 30_000;
const OUTAGE_RETRY_DELAY_MS = 250;

/** Nobody has read for so long: the peer need not send any more. */
const IDLE_TIMEOUT_MS = 30_000;

/** Blocks are small; a client that comes back was mostly not away for more of them. */
const LOOK_BACK_BLOCKS = 100n;

/** Per channel, besides the one of new events: a peer serves 500 calls and streams at once, for all its clients. */
const CATCH_UP_STREAMS = 4;
const TURN_TIMEOUT_MS = 30_000;
const PARK_MS = 1000;

/** Old events travel in pages of about this size. */
const PAGE_BYTES = 4_194_304;
const PAGE_LINGER_MS = 10;
const CACHE_BYTES = 16_777_216;

export interface OpenFeedsParts {
  readonly connections: LedgerConnections;
  readonly channels: Pick<PublishedChannels, 'organizationsOf'>;
  readonly config: DistributedConfig;
  readonly log: Log;
}

/** The feeds of the ledgers that the peers have. Nothing is connected before somebody reads. */
export function openFeeds({ connections, channels, config, log }: OpenFeedsParts): LedgerFeeds {
  const { bufferBytes, maxSubscribers, replayBatchSize } = config.events;
  return new LedgerFeeds({
    settings: {
      bufferBytes,
      lookBackBlocks: LOOK_BACK_BLOCKS,
      outageTimeoutMs: OUTAGE_TIMEOUT_MS,
      retryDelayMs: OUTAGE_RETRY_DELAY_MS,
      maxSubscribers,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      pages: {
        streams: CATCH_UP_STREAMS,
        turnTimeoutMs: TURN_TIMEOUT_MS,
        parkMs: PARK_MS,
        page: { events: replayBatchSize, bytes: PAGE_BYTES, lingerMs: PAGE_LINGER_MS },
        cacheBytes: CACHE_BYTES,
      },
    },
    openSource: ({ channel, chaincode }) =>
      new FabricEventSource({ connections, channel, chaincode, organizations: () => channels.organizationsOf(channel) }),
    log,
  });
}
