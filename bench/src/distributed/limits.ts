import { createRandom } from '@orchestrator/testing';
import { nowMs } from '../process/clock.ts';
import type { Limit } from '../workload/bench.ts';
import type { LeastContract } from './network.ts';

const VALUE_BYTES = 1000;
const SEED_BITS = 2 ** 31;

/** Calls of several callers at once, spread over two channels. */
export interface LeastLoad {
  readonly channels: readonly [string, string];
  readonly callers: number;
  /** Of each caller. */
  readonly calls: number;
}

/** Puts per second. */
export function limitOfPuts(least: LeastContract, load: LeastLoad): Promise<Limit> {
  const random = createRandom(Math.floor(performance.now()) % SEED_BITS);
  const value = Buffer.alloc(VALUE_BYTES, 'x');
  return measureLeast(load, (channel) => least.put(channel, random.key(), value));
}

/** Gets per second, of one value. */
export async function limitOfGets(least: LeastContract, load: LeastLoad): Promise<Limit> {
  const key = 'bench';
  for (const channel of load.channels) await least.put(channel, key, Buffer.alloc(VALUE_BYTES, 'x'));
  return measureLeast(load, (channel) => least.get(channel, key));
}

async function measureLeast(
  { channels, callers, calls }: LeastLoad,
  call: (channel: string) => Promise<unknown>,
): Promise<Limit> {
  const startMs = nowMs();
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      for (let index = 0; index < calls; index += 1) await call(channels[caller % 2 === 0 ? 0 : 1]);
    }),
  );
  return { value: (callers * calls * 1000) / (nowMs() - startMs) };
}
