import { Counter, Gauge, type Registry } from 'prom-client';
import type { PublisherObserver } from '../broker/publisher/publisher.ts';

/**
 * The metrics of publishing to the broker.
 *
 * @param eventsSent told of events that the broker has confirmed.
 */
export function createBrokerMetrics(registry: Registry, eventsSent: (count: number) => void): PublisherObserver {
  const shared = { labelNames: ['channel'] as const, registers: [registry] };
  const published = new Counter({
    name: 'orc_broker_published_total',
    help: 'Events that the broker has confirmed to this server',
    ...shared,
  });
  const unconfirmed = new Gauge({
    name: 'orc_broker_unconfirmed_events',
    help: 'Events that this server has sent and that the broker has not confirmed yet',
    ...shared,
  });
  const lagEvents = new Gauge({
    name: 'orc_broker_lag_events',
    help: 'Events that are stored and that the broker has not confirmed, whichever server publishes them',
    ...shared,
  });
  const lagSeconds = new Gauge({
    name: 'orc_broker_lag_seconds',
    help: 'Age of the oldest event that the broker has not confirmed',
    ...shared,
  });
  const publishing = new Gauge({
    name: 'orc_broker_publishing',
    help: 'Whether this server publishes the channel: one of all servers does, unless publishing fails',
    ...shared,
  });
  const reconnects = new Counter({
    name: 'orc_broker_reconnects_total',
    help: 'Connections to the broker after the first one',
    registers: [registry],
  });
  return {
    published: (channel, count) => {
      published.inc({ channel }, count);
      eventsSent(count);
    },
    unconfirmed: (channel, count) => unconfirmed.set({ channel }, count),
    lag: (channel, { events, seconds }) => {
      lagEvents.set({ channel }, events);
      lagSeconds.set({ channel }, seconds);
    },
    publishing: (channel, isPublishing) => publishing.set({ channel }, isPublishing ? 1 : 0),
    removed: (channel) => {
      for (const gauge of [unconfirmed, lagEvents, lagSeconds, publishing]) gauge.remove({ channel });
    },
    reconnected: () => reconnects.inc(),
  };
}
