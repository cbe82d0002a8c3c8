import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@orchestrator/testing';
import { createTestVirtualHost, type ServerProcess, TcpProxy, type TestVirtualHost } from '@orchestrator/tools';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { declareTopology, QueueReader } from '../../broker/spec-support.ts';
import { A, B, LedgerScene } from '../spec-support-ledger.ts';
import { until } from '../events/spec-support.ts';
import { readCheckpoints } from './checkpoint-file.ts';

const ROUNDS = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1' ? 50 : 4;

const random = createRandom(7);

let scene: LedgerScene;
/** All of mychannel's, in their order. */
let ids: string[];

beforeAll(async () => {
  scene = await LedgerScene.open();
  ids = [...(await scene.prepare())];
}, 120_000);

afterAll(() => scene[Symbol.asyncDispose](), 60_000);

let stack: AsyncDisposableStack;
let host: TestVirtualHost;
let indexFile: string;
let reader: QueueReader;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  host = stack.use(await createTestVirtualHost());
  await declareTopology(host.amqpUrl, { mychannel: [A, B], yourchannel: [A, B] });
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-facade-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  indexFile = join(folder, 'event-index.json');
  reader = stack.use(await QueueReader.open(host.amqpUrl, A));
});

afterEach(() => stack.disposeAsync());

async function startServer(dsn = host.amqpUrl): Promise<ServerProcess> {
  return stack.use(await scene.startServer({ ORCHESTRATOR_AMQP_DSN: dsn, ORCHESTRATOR_EVENT_INDEX_FILE: indexFile }));
}

async function position(): Promise<number> {
  return Number((await readCheckpoints(indexFile)).get('mychannel')?.position ?? 0);
}

async function add(count: number): Promise<void> {
  ids.push(...(await scene.addEvents(count, random)));
}

/** Whether the deliveries are the events in order, each repeat beginning behind a place that was not confirmed. */
function expectInOrder(deliveries: readonly string[]): void {
  let last = -1;
  let highest = -1;
  for (const id of deliveries) {
    const place = ids.indexOf(id);
    expect(place).not.toBe(-1);
    // Nothing is left out: each event follows the one before it, or it is told again from further back on.
    expect(place).toBeLessThanOrEqual(last + 1);
    last = place;
    highest = Math.max(highest, place);
  }
  expect(highest).toBe(ids.length - 1);
}

describe('a facade', () => {
  it('publishes the ledger from its first event on, and goes on where it was', async () => {
    await add(3);
    const first = await startServer();
    await until('all events', async () => (await position()) === ids.length, 20_000);
    await first[Symbol.asyncDispose]();
    await add(4);
    await startServer();
    await until('all events', async () => (await position()) === ids.length, 20_000);
    expect(reader.deliveries.map(({ id }) => id)).toEqual(ids);
    expect(JSON.parse(reader.deliveries.at(-1)?.message.content.toString() ?? '')).toMatchObject({ id: ids.at(-1), channel: 'mychannel' });
  }, 60_000);

  it('loses nothing and mixes nothing up when it is killed while it publishes, again and again', async () => {
    const proxy = stack.use(await TcpProxy.start(host.amqpUrl));
    for (let round = 0; round < ROUNDS; round += 1) {
      const server = await startServer(proxy.url);
      // Shows that this server publishes: the checkpoint may have been at the end before it.
      await add(1);
      const before = ids.length;
      await until('all events', async () => (await position()) === before, 20_000);
      const isHeld = round % 2 === 0;
      // Confirms that don't arrive: the events are in the queues, and the checkpoint doesn't know.
      if (isHeld) void proxy.hold({ direction: 'down' });
      await add(1 + random.below(20));
      if (isHeld) expect(await reader.waitFor(ids, 20_000)).toContain(ids.at(-1));
      else await until('some events', () => reader.deliveries.some(({ id }) => id === ids[before]), 20_000);
      server.kill('SIGKILL');
      proxy.cut();
      proxy.release();
      if (isHeld) expect(await position()).toBe(before);
    }
    await startServer(proxy.url);
    await until('all events', async () => (await position()) === ids.length, 20_000);
    await reader.waitFor(ids, 20_000);
    expectInOrder(reader.deliveries.map(({ id }) => id));
    expect(reader.deliveries.length).toBeGreaterThan(ids.length);
  }, 300_000);

  it('publishes what was committed while its peer, and then itself, was away', async () => {
    const server = await startServer();
    await until('all events', async () => (await position()) === ids.length, 20_000);
    await scene.network.stopPeer(A);
    await scene.network.stopPeer(B);
    await scene.network.startPeer(A);
    await scene.network.startPeer(B);
    await add(5);
    await until('all events', async () => (await position()) === ids.length, 30_000);
    server.kill('SIGKILL');
    await add(5);
    await startServer();
    await until('all events', async () => (await position()) === ids.length, 30_000);
    await reader.waitFor(ids, 20_000);
    expectInOrder(reader.deliveries.map(({ id }) => id));
  }, 120_000);

  it('does not start with the checkpoints of another ledger', async () => {
    const server = await startServer();
    await until('all events', async () => (await position()) === ids.length, 20_000);
    await server[Symbol.asyncDispose]();
    const text = await readFile(indexFile, 'utf8');
    await using other = await LedgerScene.open();
    await expect(other.startServer({ ORCHESTRATOR_AMQP_DSN: host.amqpUrl, ORCHESTRATOR_EVENT_INDEX_FILE: indexFile })).rejects.toThrow(
      /does not fit channel mychannel: it is of another ledger .*put the right file back, or remove the entry of the channel/,
    );
    expect(await readFile(indexFile, 'utf8')).toBe(text);
  }, 120_000);
});
