import type { PublishedChannels } from '../broker/publisher/publisher.ts';
import type { DistributedConfig } from '../config/config.ts';
import type { Metrics } from '../http/metrics.ts';
import type { Log } from '../log/log.ts';
import type { OpenedMode } from '../server.ts';
import type { LedgerObserver } from './calls/ledger-call.ts';
import { LedgerCalls } from './calls/ledger-calls.ts';
import { OrdererWatch } from './calls/orderer-watch.ts';
import { type ChaincodeNames, DistributedMode } from './distributed-mode.ts';
import type { LedgerFeeds } from './events/feeds.ts';
import { openFeeds } from './events/open-feeds.ts';
import { Peers } from './peers/peers.ts';

interface Parts {
  readonly config: DistributedConfig;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly channels: PublishedChannels & ChaincodeNames;
  /** What is opened is put here. */
  readonly stack: AsyncDisposableStack;
}

/**
 * Opens distributed mode. It does not wait for the peers: a server whose peer is away starts, and is not ready.
 *
 * @throws Error with one clear sentence
 */
export async function openDistributed(parts: Parts): Promise<OpenedMode> {
  const { config, log, metrics, channels, stack } = parts;
  const { fabric, requests } = config;
  const peers = stack.use(await Peers.open(fabric.identities, log));
  const ordering = stack.use(new OrdererWatch(log));
  const settings = {
    timeoutMs: fabric.gatewayTimeoutMs,
    maxEvaluates: fabric.maxEvaluates,
    maxSubmits: fabric.maxSubmits,
    queueLimit: requests.queueLimit,
    maxAnswerBytes: config.grpc.maxSendBytes,
  };
  const calls = new LedgerCalls({ peers, settings, observer: toObserver(metrics), ordering });
  const feeds = stack.use(openFeeds({ connections: peers, channels, config, log }));
  const observer = {
    subscribed: (channel: string) => metrics.subscriberAdded(channel),
    unsubscribed: (channel: string) => metrics.subscriberRemoved(channel),
  };
  const mode = stack.use(new DistributedMode({ peers, ordering, calls, feeds, channels, observer }));
  const served = fabric.identities.map(({ mspid, peer }) => `${mspid} at ${peer.name} (${peer.address})`);
  const brokerState = await startPublishing(parts, feeds);
  const store = `Hyperledger Fabric, as ${served.join(', ')}`;
  return { mode, store, expiries: () => peers.expiries, ...(brokerState === undefined ? {} : { brokerState }) };
}

/** @returns what tells of the connection to the broker, where there is one. */
async function startPublishing({ config, log, metrics, channels, stack }: Parts, feeds: LedgerFeeds): Promise<(() => string) | undefined> {
  const { broker, fabric } = config;
  if (broker === undefined) return undefined;
  const { eventIndexFile } = fabric;
  const { openLedgerPublisher } = await import('./broker/open-publisher.ts');
  const publisher = await openLedgerPublisher({ broker, eventIndexFile, channels, feeds, observer: metrics.broker, log, stack });
  publisher.start();
  return () => publisher.state;
}

function toObserver(metrics: Metrics): LedgerObserver {
  const { ledger } = metrics;
  return {
    attempted: () => ledger.attempted(),
    conflicted: () => ledger.conflicted(),
    retried: () => metrics.transactionRetried(),
    ambiguous: () => ledger.ambiguous(),
    resolved: (fate) => ledger.resolved(fate),
    changed: (channel, events) => metrics.observeEvents(channel, events),
    finished: (procedure, outcome) => metrics.transaction(procedure.method, outcome),
  };
}
