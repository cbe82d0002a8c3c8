import { Event } from '@orchestrator/lib';
import { createTestVirtualHost, TcpProxy, type TestDatabase, type TestVirtualHost } from '@orchestrator/tools';
import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log } from '../../log/log.ts';
import type { SessionSettings } from '../../standalone/sql/pools.ts';
import { call, callerOf, createMigratedDatabase, openMode, setScene } from '../../standalone/spec-support.ts';
import type { StandaloneMode } from '../../standalone/standalone-mode.ts';
import { openPublisher } from '../postgres/open-publisher.ts';
import { declareTopology, ENTRY_EXCHANGE, QueueReader, type Topology, withAmqp } from '../spec-support.ts';
import type { BrokerPublisher } from './publisher.ts';

const A = 'MyOrg1MSP';
const B = 'MyOrg2MSP';

let stack: AsyncDisposableStack;
let database: TestDatabase;
let host: TestVirtualHost;
let mode: StandaloneMode;
let warnings: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await createMigratedDatabase());
  host = stack.use(await createTestVirtualHost());
  mode = stack.use(openMode(database.url));
  warnings = [];
});

afterEach(() => stack.disposeAsync());

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (_, message) => void warnings.push(message),
  error: (_, message) => void warnings.push(message),
  child: () => log,
};

/** The configuration, which a test can change. */
class Channels {
  readonly #listeners: (() => void)[] = [];
  #topology: Topology;

  constructor(topology: Topology) {
    this.#topology = topology;
  }

  channels(): readonly string[] {
    return Object.keys(this.#topology);
  }

  organizationsOf(channel: string): readonly string[] {
    return this.#topology[channel] ?? [];
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  change(topology: Topology): void {
    this.#topology = topology;
    for (const listener of this.#listeners) listener();
  }
}

interface Started {
  readonly publisher: BrokerPublisher;
  readonly channels: Channels;
  readonly published: Map<string, number>;
  stop(): Promise<void>;
}

function startPublisher(topology: Topology, dsn = host.amqpUrl): Started {
  const own = stack.use(new AsyncDisposableStack());
  const channels = new Channels(topology);
  const published = new Map<string, number>();
  const session: SessionSettings = { connectionString: database.url, lockTimeoutMs: 5000, statementTimeoutMs: 10_000, logSql: false };
  const observer = {
    published: (channel: string, count: number) => void published.set(channel, (published.get(channel) ?? 0) + count),
    unconfirmed: () => undefined,
    publishing: () => undefined,
    lag: () => undefined,
    removed: () => undefined,
    reconnected: () => undefined,
  };
  const publisher = openPublisher({
    broker: { dsn, exchange: ENTRY_EXCHANGE },
    session,
    pollIntervalMs: 500,
    channels,
    observer,
    log,
    stack: own,
  });
  mode.onStored((channel) => publisher.wake(channel));
  publisher.start();
  return { publisher, channels, published, stop: () => own.disposeAsync() };
}

async function storedEvents(channel = 'mychannel'): Promise<Event[]> {
  return withDatabase(async (client) => {
    const { rows } = await client.query<{ event: Buffer }>(
      'SELECT event FROM events WHERE channel = (SELECT id FROM channels WHERE name = $1) ORDER BY position',
      [channel],
    );
    return rows.map(({ event }) => Event.decode(event));
  });
}

async function storedIds(channel?: string): Promise<string[]> {
  return (await storedEvents(channel)).map(({ id }) => id);
}

async function withDatabase<T>(work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function cursor(): Promise<{ position: number; fence: number } | undefined> {
  return withDatabase(async (client) => {
    const { rows } = await client.query<{ position: number; fence: number }>(
      "SELECT position::int, fence::int FROM broker_cursors WHERE channel = (SELECT id FROM channels WHERE name = 'mychannel')",
    );
    return rows[0];
  });
}

async function until(what: string, check: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadlineMs = Date.now() + timeoutMs;
  while (!(await check())) {
    if (Date.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs} ms; ${warnings.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Registers tasks in one request. */
async function register(scene: Awaited<ReturnType<typeof setScene>>, count: number): Promise<void> {
  await call(mode, 'RegisterTasks', { tasks: Array.from({ length: count }, () => scene.task()) });
}

describe('the publisher', () => {
  it('brings every event to the queue of every organization, in order, and moves its cursor', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A, B] });
    const scene = await setScene(mode, 1);
    startPublisher({ mychannel: [A, B] });
    await register(scene, 30);
    const ids = await storedIds();
    for (const queue of [A, B]) {
      const reader = stack.use(await QueueReader.open(host.amqpUrl, queue));
      expect(await reader.waitFor(ids, 10_000)).toEqual(ids);
      expect(reader.deliveries).toHaveLength(ids.length);
    }
    await until('the cursor', async () => (await cursor())?.position === ids.length);
  });

  it('fills the properties of the message', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    await setScene(mode, 1);
    startPublisher({ mychannel: [A] });
    const [event] = await storedEvents();
    if (event === undefined) throw new Error('no event');
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    await reader.waitFor([event.id], 10_000);
    const message = reader.deliveries[0]?.message;
    expect(message?.properties).toMatchObject({
      contentType: 'application/json',
      deliveryMode: 2,
      messageId: event.id,
      timestamp: Number(event.timestamp?.seconds),
      type: 'ASSET_ORGANIZATION.EVENT_ASSET_CREATED',
    });
    expect(message?.fields).toMatchObject({ exchange: ENTRY_EXCHANGE, routingKey: 'mychannel' });
    const body = JSON.parse(message?.content.toString() ?? '') as Record<string, unknown>;
    expect(body).toMatchObject({ id: event.id, channel: 'mychannel', organization: { id: A, address: '' }, metadata: {} });
  });

  it('lets requests go on while the broker is away, and drains in order when it is back', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    const proxy = stack.use(await TcpProxy.start(host.amqpUrl));
    await proxy.close();
    const { publisher } = startPublisher({ mychannel: [A] }, proxy.url);
    const scene = await setScene(mode, 2);
    for (let batch = 0; batch < 10; batch += 1) await register(scene, 50);
    expect(publisher.state).toBe('connecting');
    await proxy.open();
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids, 15_000)).toEqual(ids);
    expect(warnings.join()).toContain('check that the broker of ORCHESTRATOR_AMQP_DSN runs');
  });

  it('goes on over a new connection when one is cut, with repeats of the unconfirmed tail only', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    const proxy = stack.use(await TcpProxy.start(host.amqpUrl));
    startPublisher({ mychannel: [A] }, proxy.url);
    const scene = await setScene(mode, 3);
    const caught = proxy.hold({ direction: 'down' });
    await register(scene, 100);
    await caught;
    proxy.cut();
    proxy.release();
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids, 15_000)).toEqual(ids);
    await until('the cursor', async () => (await cursor())?.position === ids.length);
  });

  it('names what is missing, keeps the cursor, and does not hold up other channels', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    const { published } = startPublisher({ mychannel: [A, B], yourchannel: [A] });
    await setScene(mode, 4);
    await until('the warnings', () => warnings.some((text) => text.includes(`the broker has no queue ${B}`)));
    await until('the warnings', () => warnings.some((text) => text.includes('the broker has no exchange yourchannel')));
    expect(warnings.join()).toContain('run "orchestrator broker reconcile"');
    expect(await cursor()).toMatchObject({ position: 0 });
    await declareTopology(host.amqpUrl, { yourchannel: [A] });
    await setScene(mode, 5, callerOf({ channel: 'yourchannel' }));
    await until('yourchannel', async () => (published.get('yourchannel') ?? 0) >= (await storedIds('yourchannel')).length);
    expect(published.get('mychannel')).toBeUndefined();
    await declareTopology(host.amqpUrl, { mychannel: [A, B] });
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, B));
    expect(await reader.waitFor(ids, 15_000)).toEqual(ids);
  });

  it('does not count an event as published that no queue took', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    await withAmqp(host.amqpUrl, async (connection) => {
      const amqp = await connection.createChannel();
      await amqp.unbindQueue(A, 'mychannel', '');
    });
    startPublisher({ mychannel: [A] });
    await setScene(mode, 6);
    await until('the warning', () => warnings.some((text) => text.includes('no queue takes the events of channel mychannel')));
    expect(await cursor()).toMatchObject({ position: 0 });
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids, 15_000)).toEqual(ids);
  });

  it('loses nothing when a queue refuses messages for a while', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [] });
    await withAmqp(host.amqpUrl, async (connection) => {
      const amqp = await connection.createChannel();
      await amqp.assertQueue(A, { durable: true, arguments: { 'x-max-length': 20, 'x-overflow': 'reject-publish' } });
      await amqp.bindQueue(A, 'mychannel', '');
    });
    startPublisher({ mychannel: [A] });
    const scene = await setScene(mode, 7);
    await register(scene, 60);
    await until('the warning', () => warnings.some((text) => text.includes('a queue refuses messages')));
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    const seen = await reader.waitFor(ids, 25_000);
    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it('follows the configuration: a channel that is added, an organization, a channel that is removed', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A], yourchannel: [A] });
    const { channels, published } = startPublisher({ mychannel: [A] });
    const other = callerOf({ channel: 'yourchannel' });
    await setScene(mode, 8, other);
    await setScene(mode, 8);
    const counts = { mychannel: (await storedIds()).length, yourchannel: (await storedIds('yourchannel')).length };
    await until('mychannel', () => published.get('mychannel') === counts.mychannel);
    expect(published.get('yourchannel')).toBeUndefined();
    channels.change({ mychannel: [A], yourchannel: [A, B] });
    await until('the warning', () => warnings.some((text) => text.includes(`the broker has no queue ${B}`)));
    await declareTopology(host.amqpUrl, { yourchannel: [A, B] });
    await until('yourchannel', () => published.get('yourchannel') === counts.yourchannel);
    channels.change({ mychannel: [A] });
    await setScene(mode, 9, callerOf({ channel: 'yourchannel', mspid: B }));
    await setScene(mode, 10, callerOf({ mspid: B }));
    await until('mychannel', async () => published.get('mychannel') === (await storedIds()).length);
    expect(published.get('yourchannel')).toBe(counts.yourchannel);
  });

  it('tells of wrong credentials without showing them', async () => {
    const url = new URL(host.amqpUrl);
    url.password = 'wrong-secret';
    startPublisher({ mychannel: [A] }, url.href);
    await until('the warning', () => warnings.some((text) => text.includes('check the user name and password')));
    expect(warnings.join()).not.toContain('wrong-secret');
  });
});

describe('two publishers of one database', () => {
  it('publish a channel one at a time, and the second one takes over where the first one was', async () => {
    await declareTopology(host.amqpUrl, { mychannel: [A] });
    const scene = await setScene(mode, 11);
    const first = startPublisher({ mychannel: [A] });
    await until('the first one', async () => (await cursor())?.fence === 1);
    const second = startPublisher({ mychannel: [A] });
    await register(scene, 20);
    await until('the first one', async () => first.published.get('mychannel') === (await storedIds()).length);
    await first.stop();
    await register(scene, 20);
    const ids = await storedIds();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids, 15_000)).toEqual(ids);
    expect(reader.deliveries).toHaveLength(ids.length);
    await until('the second one', async () => second.published.get('mychannel') === 20);
    await until('the cursor', async () => (await cursor())?.position === ids.length);
    expect(await cursor()).toEqual({ position: ids.length, fence: 2 });
  });
});
