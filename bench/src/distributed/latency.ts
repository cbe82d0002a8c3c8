import { nowMs } from '../process/clock.ts';
import { type Figure, type Round, toFigure } from '../report/figure.ts';
import { Connection } from '../client/connection.ts';
import { encodeHeaders } from '../client/headers.ts';
import { within } from '../process/clock.ts';
import { toCall } from '../workload/api.ts';
import { type Bench, runRounds, scaled } from '../workload/bench.ts';
import { lastEventId } from '../workload/log.ts';
import { addPlan } from '../workload/scene.ts';
import { headersOf } from '../workload/target.ts';

const WRITES = 50;
const TIMEOUT_MS = 60_000;

/** From the call of a write to its event at a subscriber, one write after another. */
export async function measureLatency(bench: Bench): Promise<readonly Figure[]> {
  const rounds = await runRounds(bench, () => measureWrites(bench));
  return [toFigure({ row: 'from submit to stream', unit: 'ms', rounds, existing: 65, timesExisting: 1.3 })];
}

async function measureWrites(bench: Bench): Promise<Round> {
  const [scene] = bench.scenes;
  await using connection = await Connection.open(bench.target.addresses[0] ?? '');
  const { path, message } = toCall('SubscribeToEvents', { startEventId: await lastEventId(bench.api, scene.channel) });
  let arrived = Promise.withResolvers<void>();
  connection.call(encodeHeaders(path, headersOf(bench.target, scene.channel)), message, {
    onMessage: () => arrived.resolve(),
    onEnd: (status) => arrived.reject(new Error(`the stream ended with ${status}`)),
  });
  const durationsMs: number[] = [];
  for (let index = 0; index < scaled(bench, WRITES); index += 1) {
    arrived = Promise.withResolvers<void>();
    const startMs = nowMs();
    await Promise.all([addPlan(bench.api, scene), within(arrived.promise, TIMEOUT_MS, 'an event')]);
    durationsMs.push(nowMs() - startMs);
  }
  const sorted = durationsMs.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
  return { value: at(0.5), p50Ms: at(0.5), p99Ms: at(0.99) };
}
