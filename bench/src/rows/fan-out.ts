import type { Call, FollowFigures } from '../client/jobs.ts';
import { nowMs } from '../process/clock.ts';
import type { Round } from '../report/figure.ts';
import { toCall } from '../workload/api.ts';
import { type Bench, scaled } from '../workload/bench.ts';
import { checkDelivery, eventIds, lastEventId } from '../workload/log.ts';
import { addPlan } from '../workload/scene.ts';
import { headersOf } from '../workload/target.ts';
import { buildTasks, deal, registrations } from '../workload/tasks.ts';
import type { Client } from '../client/client.ts';

const EVENTS = 1000;
const WRITERS = 4;

/** Followers and what they follow. */
export interface FanOut {
  readonly followers: number;
  /** One batch, or so many calls of four callers. */
  readonly writes: 'batch' | 'single';
}

/** A round with what its limit has to repeat. */
export interface FanOutRound extends Round {
  readonly figures: FollowFigures;
  readonly lanes: readonly (readonly Call[])[];
  /** Deliveries per second between the first and the last one. */
  readonly streamRate: number;
  /** Connections to the database while all followers follow. */
  readonly connections: number;
}

/** What a fan-out needs beside a bench. */
export interface FanOutParts {
  readonly bench: Bench;
  /** In a process of their own. */
  readonly followers: Client;
  countConnections(): Promise<number>;
}

/** Followers of a channel while 1,000 tasks are registered in it. Their order, gaps and repeats are checked. */
export async function runFanOut(parts: FanOutParts, { followers, writes }: FanOut): Promise<FanOutRound> {
  const { bench } = parts;
  const { channel } = bench.scenes[0];
  const lanes = await prepareWrites(bench, writes);
  const messages = scaled(bench, EVENTS);
  const headers = headersOf(bench.target, channel);
  const call = toCall('SubscribeToEvents', { startEventId: await lastEventId(bench.api, channel) });
  const { addresses } = bench.target;
  const following = await parts.followers.follow({ addresses, headers, call, followers, messages });
  const connections = await parts.countConnections();
  const startMs = nowMs();
  const before = await bench.usage();
  const written = await bench.client.load({
    addresses,
    connections: lanes.length,
    lanes: lanes.map((calls) => ({ headers, calls })),
  });
  const figures = await following.done;
  const after = await bench.usage();
  checkDelivery(figures, await eventIds(bench.api, { channel, count: messages, from: 'end' }));
  const cpuMs =
    after.serverCpuMs - before.serverCpuMs + after.databaseCpuMs - before.databaseCpuMs + figures.cpuMs + written.cpuMs;
  return {
    value: (figures.deliveries / (figures.lastAtMs - startMs)) * 1000,
    streamRate: (figures.deliveries / (figures.lastAtMs - figures.firstAtMs)) * 1000,
    shares: sharesOf({
      figures,
      startMs,
      serverMs: after.serverCpuMs - before.serverCpuMs,
      databaseMs: after.databaseCpuMs - before.databaseCpuMs,
    }),
    cpuMs: cpuMs / figures.deliveries,
    failures: written.failures,
    figures,
    lanes,
    connections,
  };
}

function sharesOf(used: {
  readonly figures: FollowFigures;
  readonly startMs: number;
  readonly serverMs: number;
  readonly databaseMs: number;
}) {
  const elapsedMs = used.figures.lastAtMs - used.startMs;
  const { serverMs, databaseMs, figures } = used;
  return { server: serverMs / elapsedMs, database: databaseMs / elapsedMs, client: figures.cpuMs / elapsedMs };
}

async function prepareWrites(bench: Bench, writes: FanOut['writes']): Promise<readonly (readonly Call[])[]> {
  const [scene] = bench.scenes;
  const plan = await addPlan(bench.api, scene);
  const count = scaled(bench, EVENTS);
  const tasks = buildTasks(scene, plan, count);
  if (writes === 'batch') return [registrations(tasks, count)];
  // Without parents, which another caller may not have registered yet.
  const calls = registrations(
    tasks.map((task) => ({ ...task, inputs: task.inputs.slice(0, 2) })),
    1,
  );
  return deal(calls, WRITERS);
}
