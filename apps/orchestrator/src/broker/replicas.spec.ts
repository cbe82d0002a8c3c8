import { AssetKind, Event, EventKind, toTimestamp } from '@orchestrator/lib';
import { buildNewComputePlan, createRandom } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SpecClient } from '../spec-client.ts';
import { until } from '../spec-waiting.ts';
import { newEventId } from '../standalone/event-id.ts';
import { byteaArray, uuidArray } from '../standalone/sql/arrays.ts';
import { A, FaultScene } from './spec-support-faults.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const TAKEOVER_LIMIT_MS = 5000;
const BACKLOG = isExtended ? 100_000 : 20_000;
const BATCH = 5000;
/** Whatever the size of the backlog: what is on its way is 8 MiB, and garbage comes on top. */
const MEMORY_LIMIT_BYTES = 268_435_456;

let scene: FaultScene;

beforeAll(async () => {
  scene = await FaultScene.open();
  await using server = await scene.startServer();
  await scene.prepare(server, createRandom(1));
}, 120_000);

afterAll(() => scene[Symbol.asyncDispose](), 60_000);

it('a second server takes over within 5 s when the one that publishes is killed', { timeout: 120_000 }, async () => {
  const random = createRandom(4);
  const servers = [await scene.startServer(), await scene.startServer()];
  try {
    for (let round = 0; round < 3; round += 1) {
      await until('a holder', async () => (await scene.cursorOf('mychannel')) === (await scene.storedIds('mychannel')).length);
      const holder = await scene.holderOf('mychannel');
      const dying = servers.findIndex(({ pid }) => pid === holder);
      const survivor = servers[1 - dying];
      const killed = servers[dying];
      if (survivor === undefined || killed === undefined) throw new Error(`${holder} is none of the servers`);
      killed.kill('SIGKILL');
      const killedMs = performance.now();
      await scene.register(survivor, 'mychannel', { random, count: 20 });
      const ids = await scene.storedIds('mychannel');
      const arrived = (await scene.readers[A]?.waitFor(ids, 30_000)) ?? [];
      const takeoverMs = performance.now() - killedMs;
      console.log(`takeover of a channel's publishing: ${Math.round(takeoverMs)} ms`);
      expect(arrived.filter((id) => ids.includes(id))).toEqual(ids);
      expect(takeoverMs).toBeLessThan(TAKEOVER_LIMIT_MS);
      await killed.ended();
      servers[dying] = await scene.startServer();
    }
  } finally {
    for (const server of servers) await server[Symbol.asyncDispose]();
  }
});

/** Stores events of models as if the broker had been away while they were made. */
async function storeBacklog(count: number): Promise<void> {
  const [channel] = await scene.query<{ id: number; position: number; instant: string }>(
    "SELECT id, position::int, instant FROM channels WHERE name = 'mychannel'",
    [],
  );
  if (channel === undefined) throw new Error('the channel has no row');
  const start = BigInt(channel.instant);
  for (let done = 0; done < count; done += BATCH) {
    const events = Array.from({ length: BATCH }, (_, index) => newModelEvent(start + BigInt(done + index + 1)));
    await scene.query(
      `WITH new AS (SELECT * FROM unnest($2::uuid[], $3::bytea[]) WITH ORDINALITY AS new (id, event, place)),
      stored AS (
        INSERT INTO events (channel, position, id, instant, asset_kind, event_kind, asset_key, event)
        SELECT $1, $4 + place, id, $5 + place, 7, 1, id::text, event FROM new
      )
      UPDATE channels SET position = $4 + $6, instant = $5 + $6 WHERE id = $1`,
      [
        channel.id,
        uuidArray(events.map(({ id }) => id)),
        byteaArray(events.map((event) => Event.encode(event).finish())),
        channel.position + done,
        String(start + BigInt(done)),
        BATCH,
      ],
    );
  }
}

function newModelEvent(instant: bigint): Event {
  const id = newEventId(instant);
  const permission = { public: false, authorizedIds: [A] };
  const address = { checksum: 'a'.repeat(64), storageAddress: `https://storage.example/${id}` };
  return Event.fromPartial({
    id,
    assetKey: id,
    assetKind: AssetKind.ASSET_MODEL,
    eventKind: EventKind.EVENT_ASSET_CREATED,
    channel: 'mychannel',
    timestamp: toTimestamp(instant),
    asset: {
      $case: 'model',
      value: {
        key: id,
        computeTaskKey: id,
        address,
        permissions: { process: permission, download: permission },
        owner: A,
        creationDate: toTimestamp(instant),
      },
    },
  });
}

async function metric(server: ServerProcess, name: string): Promise<number> {
  const text = await (await fetch(`http://${server.httpAddress}/metrics`, { signal: AbortSignal.timeout(10_000) })).text();
  return Number(new RegExp(`^${name} (.+)$`, 'mu').exec(text)?.[1]);
}

it('keeps back a channel whose event is above the limit of the broker, says so, and goes on with the others', { timeout: 60_000 }, async () => {
  const random = createRandom(2);
  const setLimit = (bytes: number): Promise<string> => scene.broker.ctl('eval', `application:set_env(rabbit, max_message_size, ${bytes}).`);
  await setLimit(3000);
  await using server = await scene.startServer();
  using client = new SpecClient(server.grpcAddress);
  const metadata = new Map(Array.from({ length: 40 }, (_, index) => [`key ${index}`, 'x'.repeat(100)]));
  await client.call('RegisterPlan', { ...buildNewComputePlan(random), metadata }, { channel: 'mychannel', mspid: A });
  await client.call('RegisterPlan', buildNewComputePlan(random), { channel: 'yourchannel', mspid: A });
  const others = await scene.storedIds('yourchannel');
  expect(await scene.readers[A]?.waitFor(others, 15_000)).toEqual(expect.arrayContaining([...others]));
  await until('the warning', () => server.output.includes('max_message_size'), 15_000);
  const ids = await scene.storedIds('mychannel');
  expect(await scene.cursorOf('mychannel')).toBe(ids.length - 1);
  await setLimit(134_217_728);
  await until('the cursor', async () => (await scene.cursorOf('mychannel')) === ids.length, 15_000);
});

it('ends in time when the broker has stopped answering', { timeout: 60_000 }, async () => {
  const server = await scene.startServer();
  try {
    const caught = scene.amqpProxy.hold({ direction: 'down' });
    await scene.register(server, 'mychannel', { random: createRandom(3), count: 5 });
    await caught;
    server.kill('SIGTERM');
    expect(await server.ended(10_000)).toEqual({ code: 0, signal: null });
    expect(server.output).toContain('the server has ended');
  } finally {
    scene.amqpProxy.cut();
    scene.amqpProxy.release();
    await server[Symbol.asyncDispose]();
  }
});

it(`drains a backlog of ${BACKLOG} events with bounded memory`, { timeout: 300_000 }, async () => {
  await scene.amqpProxy.close();
  await storeBacklog(BACKLOG);
  const ids = await scene.storedIds('mychannel');
  const before = await scene.cursorOf('mychannel');
  await using server = await scene.startServer();
  await until('the lag', async () => (await metric(server, 'orc_broker_lag_events\\{channel="mychannel"\\}')) >= BACKLOG);
  const restingBytes = await metric(server, 'process_resident_memory_bytes');
  await scene.amqpProxy.open();
  let peakBytes = restingBytes;
  let startMs: number | undefined;
  await until(
    'the backlog',
    async () => {
      peakBytes = Math.max(peakBytes, await metric(server, 'process_resident_memory_bytes'));
      const cursor = await scene.cursorOf('mychannel');
      if (cursor > before) startMs ??= performance.now();
      return cursor === ids.length;
    },
    200_000,
  );
  const seconds = (performance.now() - (startMs ?? 0)) / 1000;
  const megabytes = (bytes: number): number => Math.round(bytes / 1_048_576);
  console.log(
    `drained ${BACKLOG} events, about ${Math.round(BACKLOG / seconds)}/s; resident memory ${megabytes(restingBytes)} MiB at rest, ${megabytes(peakBytes)} MiB at most`,
  );
  expect(peakBytes - restingBytes).toBeLessThan(MEMORY_LIMIT_BYTES);
  const arrived = (await scene.readers[A]?.waitFor(ids, 60_000)) ?? [];
  const known = new Set(ids);
  expect(arrived.filter((id) => known.has(id))).toEqual(ids);
});
