import { nowMs } from '../../process/clock.ts';
import { type Figure, toFigure } from '../../report/figure.ts';
import { toCall } from '../../workload/api.ts';
import { runRounds, scaled } from '../../workload/bench.ts';
import { checkDelivery, eventIds } from '../../workload/log.ts';
import { headersOf } from '../../workload/target.ts';
import type { StandaloneBench } from '../bench.ts';
import { limitOfStream } from '../stream-limits.ts';

const EVENTS = 20_000;

/** 20,000 stored events to a subscriber that begins at the start. The channel must have as many. */
export async function measureReplay(bench: StandaloneBench): Promise<readonly Figure[]> {
  const messages = scaled(bench, EVENTS);
  const { channel } = bench.scenes[0];
  const ids = await eventIds(bench.api, { channel, count: messages, from: 'start' });
  const headers = headersOf(bench.target, channel);
  const call = toCall('SubscribeToEvents', {});
  const { addresses } = bench.target;
  const run = async () => {
    const before = await bench.usage();
    const startMs = nowMs();
    const following = await bench.followers.follow({ addresses, headers, call, followers: 1, messages });
    const figures = await following.done;
    const after = await bench.usage();
    checkDelivery(figures, ids);
    const elapsedMs = figures.lastAtMs - startMs;
    const serverMs = after.serverCpuMs - before.serverCpuMs;
    const databaseMs = after.databaseCpuMs - before.databaseCpuMs;
    return {
      value: (messages / elapsedMs) * 1000,
      shares: { server: serverMs / elapsedMs, database: databaseMs / elapsedMs, client: figures.cpuMs / elapsedMs },
      cpuMs: (serverMs + databaseMs + figures.cpuMs) / messages,
    };
  };
  const rounds = await runRounds(bench, run, () => limitOfStream(bench, { followers: 1, messages, from: 'start' }));
  return [toFigure({ row: 'replay', unit: 'events/s', rounds, ofLimit: 0.5, existing: 22_800, timesExisting: 3 })];
}
