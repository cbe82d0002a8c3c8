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
  const lines: Gauge<'channel'> = new Gauge({
    name: 'orc_line_waiting_requests',
    help: 'Writing requests that wait for their turn in their channel',
    labelNames: ['channel'],
    registers,
    collect: () => {
      for (const [channel, waiting] of store.lines()) lines.set({ channel }, waiting);
    },
  });
}
