import { BareServer } from '../bare/bare-server.ts';
import { BARE_TABLE, barePath } from '../bare/setup.ts';
import type { Call, FollowFigures } from '../client/jobs.ts';
import { nowMs } from '../process/clock.ts';
import { cpuMs, familyCpuMs } from '../process/usage.ts';
import type { Limit } from '../workload/bench.ts';
import type { StandaloneBench } from './bench.ts';
import { withClient } from './database.ts';

const WRITE_CONNECTIONS = 4;
const ANSWER_BYTES = 1000;

/** What a bare stream repeats. */
export interface StreamLimit {
  readonly followers: number;
  /** Which of the first channel's events: so many, the first or the last ones. */
  readonly messages: number;
  readonly from: 'start' | 'end';
  /** Callers whose every call is answered after a COMMIT and followed by a message; without them all messages come at once. */
  readonly lanes?: readonly (readonly Call[])[];
}

/** A limit with the rate between the first and the last delivery. */
export interface StreamLimitFigures extends Limit {
  readonly streamRate: number;
}

/** A bare gRPC stream of the same messages to as many followers. */
export async function limitOfStream(bench: StandaloneBench, limit: StreamLimit): Promise<StreamLimitFigures> {
  const messages = await readMessages(bench, limit);
  await withClient(bench.databaseUrl, (client) => client.query(BARE_TABLE));
  const { followers, lanes } = limit;
  await using server = await BareServer.start({
    databaseUrl: bench.databaseUrl,
    poolSize: WRITE_CONNECTIONS,
    answerBytes: ANSWER_BYTES,
    messages,
  });
  const call = { path: barePath.stream, message: new Uint8Array() };
  const addresses = [server.address];
  const following = await bench.followers.follow({
    addresses,
    headers: {},
    call,
    followers,
    messages: messages.length,
  });
  const used = (): number => cpuMs(server.pid) + familyCpuMs(bench.postgres.pid);
  const startMs = nowMs();
  const before = used();
  const clientMs = lanes === undefined ? 0 : await write(bench, addresses, lanes);
  if (lanes === undefined) server.go();
  return toLimit(await following.done, startMs, (figures) => used() - before + clientMs + figures.cpuMs);
}

async function write(
  bench: StandaloneBench,
  addresses: readonly string[],
  lanes: readonly (readonly Call[])[],
): Promise<number> {
  const bare = lanes.map((calls) => ({
    headers: {},
    calls: calls.map(({ message }) => ({ path: barePath.insert, message })),
  }));
  return (await bench.client.load({ addresses, connections: lanes.length, lanes: bare })).cpuMs;
}

function toLimit(
  figures: FollowFigures,
  startMs: number,
  usedMs: (figures: FollowFigures) => number,
): StreamLimitFigures {
  const { deliveries, firstAtMs, lastAtMs } = figures;
  return {
    value: (deliveries / (lastAtMs - startMs)) * 1000,
    streamRate: (deliveries / (lastAtMs - firstAtMs)) * 1000,
    cpuMs: usedMs(figures) / deliveries,
  };
}

async function readMessages(bench: StandaloneBench, { messages, from }: StreamLimit): Promise<readonly Buffer[]> {
  const order = from === 'start' ? 'ASC' : 'DESC';
  const text = `SELECT event FROM events WHERE channel = 1 ORDER BY position ${order} LIMIT $1`;
  const { rows } = await withClient(bench.databaseUrl, (client) => client.query<{ event: Buffer }>(text, [messages]));
  return rows.map(({ event }) => event);
}
