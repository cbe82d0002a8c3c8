import { setTimeout as sleep } from 'node:timers/promises';
import { nowMs, ownCpuMs } from '../process/clock.ts';
import { percentile } from '../report/figure.ts';
import { Connection } from './connection.ts';
import { encodeHeaders } from './headers.ts';
import type { Call, Lane, LoadFigures, LoadJob } from './jobs.ts';

interface Tally {
  readonly durationsMs: number[];
  readonly failures: Record<string, number>;
  answerBytes: number;
}

/** Runs the callers, each in a closed loop, or at its own pace. */
export async function runLoad({ addresses, connections, lanes, repeatMs, limitMs }: LoadJob): Promise<LoadFigures> {
  await using stack = new AsyncDisposableStack();
  const open: Connection[] = [];
  for (let index = 0; index < connections; index += 1) {
    open.push(stack.use(await Connection.open(addresses[index % addresses.length] ?? '')));
  }
  const tally: Tally = { durationsMs: [], failures: {}, answerBytes: 0 };
  const startMs = nowMs();
  const startCpuMs = ownCpuMs();
  const endMs = startMs + (repeatMs ?? limitMs ?? Infinity);
  await Promise.all(
    lanes.map((lane, index) => {
      const connection = open[index % open.length];
      if (connection === undefined) throw new Error('a load needs a connection');
      return runLane(connection, { lane, place: index / lanes.length, endMs, repeats: repeatMs !== undefined, tally });
    }),
  );
  const seconds = (nowMs() - startMs) / 1000;
  const sorted = tally.durationsMs.toSorted((a, b) => a - b);
  return {
    calls: sorted.length,
    seconds,
    durationsMs: sorted,
    p50Ms: percentile(sorted, 50),
    p99Ms: percentile(sorted, 99),
    failures: tally.failures,
    answerBytes: tally.answerBytes,
    cpuMs: ownCpuMs() - startCpuMs,
  };
}

interface LaneRun {
  readonly lane: Lane;
  /** From 0 to 1: callers of the same pace begin one after another. */
  readonly place: number;
  readonly endMs: number;
  readonly repeats: boolean;
  readonly tally: Tally;
}

async function runLane(connection: Connection, { lane, place, endMs, repeats, tally }: LaneRun): Promise<void> {
  const { paceMs } = lane;
  const heads = new Map<string, Buffer>();
  const underWay: Promise<void>[] = [];
  let nextMs = nowMs() + place * (paceMs ?? 0);
  if (paceMs !== undefined) await sleep(Math.max(nextMs - nowMs(), 0));
  do {
    for (const call of lane.calls) {
      if (nowMs() > endMs) return void (await Promise.all(underWay));
      let head = heads.get(call.path);
      if (head === undefined) {
        head = encodeHeaders(call.path, lane.headers);
        heads.set(call.path, head);
      }
      const answered = runCall(connection, { head, call, tally });
      if (paceMs === undefined) {
        await answered;
      } else {
        underWay.push(answered);
        nextMs += paceMs;
        await sleep(Math.max(nextMs - nowMs(), 0));
      }
    }
  } while (repeats);
  await Promise.all(underWay);
}

interface CallRun {
  readonly head: Buffer;
  readonly call: Call;
  readonly tally: Tally;
}

function runCall(connection: Connection, { head, call, tally }: CallRun): Promise<void> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    connection.call(head, call.message, {
      onMessage: (message) => (tally.answerBytes += message.length),
      onEnd: (status) => {
        tally.durationsMs.push(nowMs() - startMs);
        if (status !== 'OK') tally.failures[status] = (tally.failures[status] ?? 0) + 1;
        resolve();
      },
    });
  });
}
