import { createRandom, type Random } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from '../spec-waiting.ts';
import type { QueueReader } from './spec-support.ts';
import { A, B, type ChannelName, CHANNELS, FaultScene } from './spec-support-faults.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const ROUNDS = isExtended ? 200 : 20;
const SEED = Number(process.env['ORCHESTRATOR_TEST_SEED'] ?? 1);
const ROUND_TIMEOUT_MS = 60_000;

let scene: FaultScene;
let server: ServerProcess;

beforeAll(async () => {
  scene = await FaultScene.open();
  server = await scene.startServer();
}, 120_000);

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
}, 60_000);

/** Where the cursors were when the fault struck: nothing up to there may come again. */
type Cursors = Readonly<Record<ChannelName, number>>;

async function cursors(): Promise<Cursors> {
  return { mychannel: await scene.cursorOf('mychannel'), yourchannel: await scene.cursorOf('yourchannel') };
}

/** Some requests in both channels, one after another; refusals are for the caller. */
async function work(random: Random): Promise<void> {
  for (let request = 0; request < 4; request += 1) {
    await scene.register(server, random.pick(CHANNELS), { random, count: 1 + random.below(10) });
  }
}

/** Kills the server when the frame or statement that is held back has come, and starts another one. */
async function killAt(caught: Promise<void>, random: Random): Promise<Cursors> {
  // The server dies during some of the requests.
  const working = work(random).catch(() => undefined);
  await caught;
  if (random.chance(50)) await working;
  server.kill('SIGKILL');
  await server.ended();
  await working;
  for (const proxy of [scene.amqpProxy, scene.databaseProxy]) {
    proxy.cut();
    proxy.release();
  }
  const struck = await cursors();
  server = await scene.startServer();
  return struck;
}

const faults: Readonly<Record<string, (random: Random) => Promise<Cursors>>> = {
  'kill between commit and publish': (random) => killAt(scene.amqpProxy.hold({ direction: 'up', containing: 'orchestration' }), random),
  'kill between publish and confirm': (random) => killAt(scene.amqpProxy.hold({ direction: 'down' }), random),
  'kill between confirm and cursor': (random) =>
    killAt(scene.databaseProxy.hold({ direction: 'up', containing: 'broker_cursor_advance' }), random),
  'cut the connection': async (random) => {
    const struck = await cursors();
    const working = work(random);
    await new Promise((resolve) => setTimeout(resolve, random.below(60)));
    scene.amqpProxy.cut();
    await working;
    return struck;
  },
  'cut the connection before the confirms': async (random) => {
    const struck = await cursors();
    const caught = scene.amqpProxy.hold({ direction: 'down' });
    await work(random);
    await caught;
    scene.amqpProxy.cut();
    scene.amqpProxy.release();
    return struck;
  },
  'restart the broker': async (random) => {
    const struck = await cursors();
    const working = work(random);
    await (random.chance(50) ? scene.broker.stop() : scene.broker.kill());
    await work(random);
    await scene.broker.start();
    await working;
    return struck;
  },
  'raise an alarm of the broker': async (random) => {
    const struck = await cursors();
    await scene.broker.ctl('set_vm_memory_high_watermark', '0.0001');
    // The broker tells a connection of its alarm when that one publishes.
    await work(random);
    await until('the alarm', async () => (await readiness()).broker === 'blocked');
    await work(random);
    expect(await readiness()).toEqual({ status: 'ready', broker: 'blocked' });
    await scene.broker.ctl('set_vm_memory_high_watermark', '0.4');
    return struck;
  },
  'stop PostgreSQL': async (random) => {
    const struck = await cursors();
    const working = work(random).catch(() => undefined);
    scene.crashPostgres();
    await working;
    await until('PostgreSQL', async () => (await scene.query('SELECT', [])).length === 1);
    await until('readiness', async () => (await readiness()).status === 'ready');
    await work(random);
    return struck;
  },
};

/** How often each comes among 20. */
const weights: readonly (readonly [string, number])[] = [
  ['kill between commit and publish', 4],
  ['kill between publish and confirm', 4],
  ['kill between confirm and cursor', 4],
  ['cut the connection', 2],
  ['cut the connection before the confirms', 2],
  ['restart the broker', 1],
  ['raise an alarm of the broker', 1],
  ['stop PostgreSQL', 2],
];

async function readiness(): Promise<{ readonly status: string; readonly broker: string }> {
  const response = await fetch(`http://${server.httpAddress}/readyz`, { signal: AbortSignal.timeout(5000) });
  return (await response.json()) as { readonly status: string; readonly broker: string };
}

/** Everything arrived, in order, and what came twice was not confirmed before. @returns how many came again. */
async function check(reader: QueueReader, channels: readonly ChannelName[], struck: Cursors & { readonly from: number }): Promise<number> {
  const stored = new Map<ChannelName, readonly string[]>();
  for (const channel of channels) stored.set(channel, await scene.storedIds(channel));
  const all = [...stored.values()].flat();
  const arrived = await reader.waitFor(all, ROUND_TIMEOUT_MS);
  let repeats = 0;
  for (const [channel, ids] of stored) {
    const places = new Map(ids.map((id, index) => [id, index + 1]));
    expect(arrived.filter((id) => places.has(id))).toEqual(ids);
    repeats += checkRepeats(reader, places, { cursor: struck[channel], from: struck.from });
  }
  expect(arrived).toHaveLength(all.length);
  return repeats;
}

/** Events come one after another, or begin again behind the cursor of the fault. */
function checkRepeats(
  reader: QueueReader,
  places: ReadonlyMap<string, number>,
  { cursor, from }: { readonly cursor: number; readonly from: number },
): number {
  let repeats = 0;
  let last: number | undefined;
  const seen = new Set<number>();
  for (const { id, message } of reader.deliveries.slice(from)) {
    const place = places.get(id);
    // What the broker gives again since it lost the reader's ack is no repeat of the publisher's.
    if (place === undefined || (message.fields.redelivered && seen.has(place))) continue;
    if (last !== undefined && place !== last + 1) expect(place).toBeLessThanOrEqual(last);
    if (!message.fields.redelivered) expect(place).toBeGreaterThan(cursor);
    if (seen.has(place)) repeats += 1;
    seen.add(place);
    last = place;
  }
  return repeats;
}

it(`loses and reorders nothing in ${ROUNDS} rounds of faults, seed ${SEED}`, { timeout: ROUNDS * 30_000 }, async () => {
  const random = createRandom(SEED);
  await scene.prepare(server, random);
  const [mine, other] = [scene.readers[A], scene.readers[B]];
  if (mine === undefined || other === undefined) throw new Error('a reader is missing');
  const names = Array.from({ length: ROUNDS / 20 }, () => random.shuffle(weights.flatMap(([name, count]) => Array<string>(count).fill(name))));
  const told: Record<string, number> = {};
  for (const [round, name] of names.flat().entries()) {
    await settle();
    const from = { mine: mine.deliveries.length, other: other.deliveries.length };
    const struck = await faults[name]?.(random);
    if (struck === undefined) throw new Error(`no fault ${name}`);
    try {
      const repeats = await check(mine, CHANNELS, { ...struck, from: from.mine });
      await check(other, ['mychannel'], { ...struck, from: from.other });
      told[name] = (told[name] ?? 0) + repeats;
    } catch (error) {
      throw new Error(`round ${round} of seed ${SEED}, ${name}; the server said:\n${server.output}`, { cause: error });
    }
  }
  console.log(`${ROUNDS} rounds, seed ${SEED}, ${mine.ids.length} events; sent again by fault: ${JSON.stringify(told)}`);
});

/** Everything is confirmed, and the cursors say so. */
async function settle(): Promise<void> {
  for (const channel of CHANNELS) {
    await until(`the cursor of ${channel}`, async () => (await scene.cursorOf(channel)) === (await scene.storedIds(channel)).length);
  }
}
