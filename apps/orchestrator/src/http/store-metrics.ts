import { Gauge } from 'prom-client';
import type { Registry } from 'prom-client';
import type { PoolState, StoreState } from './metrics.ts';

const poolGauges = {
  orc_db_pool_open: { help: 'Open database connections by what they are for', of: ({ open }: PoolState) => open },
  orc_db_pool_idle: { help: 'Open database connections that nobody uses', of: ({ idle }: PoolState) => idle },
  orc_db_pool_waiting: { help: 'Requests that wait for a database connection', of: ({ waiting }: PoolState) => waiting },
  orc_db_pool_limit: { help: 'Most database connections', of: ({ limit }: PoolState) => limit },
} as const;

/** Gauges that ask the store when they are read. */
export function registerStoreMetrics(registry: Registry, store: StoreState): void {
  const registers = [registry];
  for (const [name, { help, of }] of Object.entries(poolGauges)) {
    const gauge: Gauge<'pool'> = new Gauge({
      name,
      help,
      labelNames: ['pool'],
      registers,
      collect: () => {
        for (const [pool, state] of store.pools()) gauge.set({ pool }, of(state));
      },
    });
  }
  registerByChannel(registry, {
    name: 'orc_line_waiting_requests',
    help: 'Writing requests that wait for their turn in their channel',
    read: () => store.lines(),
  });
  registerByChannel(registry, {
    name: 'orc_event_subscriber_lag_events',
    help: 'Events that the slowest subscriber of a channel has not been handed yet',
    read: () => store.subscriberLags(),
  });
}

interface ByChannel {
  readonly name: string;
  readonly help: string;
  readonly read: () => ReadonlyMap<string, number>;
}

function registerByChannel(registry: Registry, { name, help, read }: ByChannel): void {
  const gauge: Gauge<'channel'> = new Gauge({
    name,
    help,
    labelNames: ['channel'],
    registers: [registry],
    collect: () => {
      // A channel that nobody follows any more must not keep its last value.
      gauge.reset();
      for (const [channel, value] of read()) gauge.set({ channel }, value);
    },
  });
}
