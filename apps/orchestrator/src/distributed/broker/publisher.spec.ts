import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callManagement, createTestVirtualHost, TcpProxy, type TestVirtualHost } from '@orchestrator/tools';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lag } from '../../broker/publisher/ports.ts';
import type { BrokerPublisher } from '../../broker/publisher/publisher.ts';
import { declareTopology, ENTRY_EXCHANGE, QueueReader } from '../../broker/spec-support.ts';
import type { Log } from '../../log/log.ts';
import { LedgerFeeds } from '../events/feeds.ts';
import { FakeLedger, shortSettings, silentLog, until } from '../events/spec-support.ts';
import { type Checkpoint, CheckpointError } from './checkpoint.ts';
import { readCheckpoints } from './checkpoint-file.ts';
import { openLedgerPublisher } from './open-publisher.ts';

const A = 'MyOrg1MSP';
const B = 'MyOrg2MSP';

let stack: AsyncDisposableStack;
let host: TestVirtualHost;
let ledger: FakeLedger;
let path: string;
let warnings: string[];

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  host = stack.use(await createTestVirtualHost());
  await declareTopology(host.amqpUrl, { mychannel: [A, B] });
  ledger = new FakeLedger();
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-ledger-publisher-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  path = join(folder, 'event-index.json');
  warnings = [];
});

afterEach(() => stack.disposeAsync());

const log: Log = { ...silentLog, warn: (_, message) => void warnings.push(message), child: () => log };

interface Started {
  readonly publisher: BrokerPublisher;
  readonly lags: Lag[];
  published: number;
  stop(): Promise<void>;
}

interface StartOptions {
  readonly dsn?: string;
  readonly source?: FakeLedger;
  readonly eventIndexFile?: string;
  readonly chaincode?: string | undefined;
}

async function start(options: StartOptions = {}): Promise<Started> {
  const { dsn = host.amqpUrl, source = ledger, eventIndexFile = path } = options;
  const chaincode = 'chaincode' in options ? options.chaincode : 'mycc';
  const own = stack.use(new AsyncDisposableStack());
  const feeds = own.use(new LedgerFeeds({ settings: { ...shortSettings(), outageTimeoutMs: 10_000 }, openSource: () => source, log: silentLog }));
  const started: Started = { publisher: undefined as unknown as BrokerPublisher, lags: [], published: 0, stop: () => own.disposeAsync() };
  const publisher = await openLedgerPublisher({
    broker: { dsn, exchange: ENTRY_EXCHANGE },
    eventIndexFile,
    channels: { channels: () => ['mychannel'], organizationsOf: () => [A, B], chaincodeOf: () => chaincode, onChange: () => undefined },
    feeds,
    observer: {
      published: (_, count) => (started.published += count),
      unconfirmed: () => undefined,
      publishing: () => undefined,
      lag: (_, lag) => void started.lags.push(lag),
      removed: () => undefined,
      reconnected: () => undefined,
    },
    log,
    stack: own,
  });
  publisher.start();
  return Object.assign(started, { publisher });
}

function ids(): string[] {
  return ledger.events.map(({ id }) => id);
}

async function checkpoint(): Promise<Checkpoint | undefined> {
  return (await readCheckpoints(path)).get('mychannel');
}

function addBlocks(count: number): void {
  for (let added = 0; added < count; added += 1) ledger.addBlock(1, 0, 2);
}

describe('the publisher of the ledger', () => {
  it('brings every event to the queue of every organization, in order, and moves its checkpoint', async () => {
    addBlocks(20);
    await start();
    addBlocks(20);
    for (const queue of [A, B]) {
      const reader = stack.use(await QueueReader.open(host.amqpUrl, queue));
      expect(await reader.waitFor(ids(), 10_000)).toEqual(ids());
      expect(reader.deliveries).toHaveLength(ids().length);
    }
    await until('the checkpoint', async () => (await checkpoint())?.position === 120n);
    expect(await checkpoint()).toEqual({ chaincode: 'mycc', ledger: 'genesis', block: 40n, event: ids().at(-1), position: 120n, fence: 1n });
  });

  it('goes on where it was, inside of a transaction too', async () => {
    ledger.addBlock(1, 3);
    const first = await start();
    await until('the first events', async () => (await checkpoint())?.position === 4n);
    await first.stop();
    const kept = await checkpoint();
    const [, second] = ids();
    const text = (await readFile(path, 'utf8')).replace('"index":2', '"index":0').replace('"position":"4"', '"position":"2"');
    await writeFile(path, text);
    expect(await checkpoint()).toEqual({ ...kept, event: second, position: 2n });
    ledger.addBlock(2);
    const next = await start();
    await until('the others', () => next.published === 4);
    await until('the checkpoint', async () => (await checkpoint())?.position === 6n);
    expect(await checkpoint()).toMatchObject({ event: ids().at(-1), fence: 2n });
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    await reader.waitFor(ids(), 10_000);
    expect(reader.deliveries.map(({ id }) => id)).toEqual([...ids().slice(0, 4), ...ids().slice(2)]);
  });

  it('publishes everything when the peer was away at the start, and when it goes away later', async () => {
    addBlocks(5);
    ledger.isAway = true;
    const { published } = await start();
    await until('the warning', () => warnings.some((text) => text.includes('no peer answers')));
    expect(published).toBe(0);
    ledger.isAway = false;
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids(), 10_000)).toEqual(ids());
    ledger.isAway = true;
    ledger.cut();
    addBlocks(5);
    await new Promise((resolve) => setTimeout(resolve, 100));
    ledger.isAway = false;
    expect(await reader.waitFor(ids(), 10_000)).toEqual(ids());
    expect(reader.deliveries).toHaveLength(ids().length);
  });

  it('goes on over a new connection when one is cut, and knows its lag meanwhile', async () => {
    const proxy = stack.use(await TcpProxy.start(host.amqpUrl));
    const { lags, publisher } = await start({ dsn: proxy.url });
    addBlocks(10);
    await until('the first events', async () => (await checkpoint())?.position === 30n);
    await proxy.close();
    await until('the loss', () => publisher.state === 'connecting');
    addBlocks(10);
    await until('the lag', () => (lags.at(-1)?.events ?? 0) >= 30);
    expect(lags.at(-1)?.seconds).toBeGreaterThan(1000);
    await proxy.open();
    const reader = stack.use(await QueueReader.open(host.amqpUrl, A));
    expect(await reader.waitFor(ids(), 15_000)).toEqual(ids());
    await until('no lag', () => lags.at(-1)?.events === 0);
  });

  it('names a chaincode that is not configured', async () => {
    addBlocks(1);
    const started = await start({ chaincode: undefined });
    await until('the warning', () => warnings.some((text) => text.includes('the channel configuration names no chaincode of channel mychannel')));
    expect(started.published).toBe(0);
  });

  it('tells what right its user lacks', async () => {
    const user = `publisher-${host.name}`;
    const manage = (method: string, what: string, body?: unknown) => callManagement({ managementUrl: host.managementUrl, method, path: what, body });
    await manage('PUT', `users/${user}`, { password: 'secret', tags: '' });
    stack.defer(async () => void (await manage('DELETE', `users/${user}`)));
    await manage('PUT', `permissions/${host.name}/${user}`, { configure: '', write: `^${ENTRY_EXCHANGE}$`, read: '' });
    const url = new URL(host.amqpUrl);
    [url.username, url.password] = [user, 'secret'];
    addBlocks(1);
    const started = await start({ dsn: url.href });
    await until('the warning', () => warnings.some((text) => text.includes('the right to configure ^orchestrator\\.publisher\\.')));
    expect(started.published).toBe(0);
    await manage('PUT', `permissions/${host.name}/${user}`, { configure: String.raw`^orchestrator\.publisher\.`, write: `^${ENTRY_EXCHANGE}$`, read: '' });
    await until('the events', () => started.published === 3);
  });
});

describe('two publishers of one broker', () => {
  it('publish one at a time, and the second one takes over', async () => {
    const first = await start();
    addBlocks(5);
    await until('the first one', () => first.published === 15);
    const second = await start({ eventIndexFile: `${path}-2` });
    addBlocks(5);
    await until('the first one', () => first.published === 30);
    expect(second.published).toBe(0);
    await first.stop();
    await until('the second one', () => second.published === 30);
  });

  it('of one file neither, while the first one lives', async () => {
    const first = await start();
    addBlocks(5);
    await until('the first one', () => first.published === 15);
    await using otherHost = await createTestVirtualHost();
    await declareTopology(otherHost.amqpUrl, { mychannel: [A, B] });
    const second = await start({ dsn: otherHost.amqpUrl });
    await until('the warning', () => warnings.some((text) => text.includes(`the event index ${path} is in use: another server publishes from it`)));
    expect(second.published).toBe(0);
    await second.stop();
  });
});

describe('a checkpoint that does not fit', () => {
  async function publishSome(): Promise<void> {
    addBlocks(5);
    const started = await start();
    await until('the checkpoint', async () => (await checkpoint())?.position === 15n);
    await started.stop();
  }

  it('of another ledger stops the start', async () => {
    await publishSome();
    const other = new FakeLedger();
    other.identity = 'another genesis';
    for (let block = 0; block < 10; block += 1) other.addBlock(1);
    await expect(start({ source: other })).rejects.toThrow(/does not fit channel mychannel: it is of another ledger \(genesis\), this one is another genesis; put the right file back/);
  });

  it('of another chaincode stops the start', async () => {
    await publishSome();
    await expect(start({ chaincode: 'othercc' })).rejects.toThrow('it is of chaincode mycc, and the channel configuration names othercc');
  });

  it('ahead of the ledger stops the start', async () => {
    await publishSome();
    const shorter = new FakeLedger();
    shorter.addBlock(1, 0, 2);
    await expect(start({ source: shorter })).rejects.toThrow('it is of block 5, ahead of the ledger, which has 2 blocks');
  });

  it('of an event that the ledger does not have stops the start', async () => {
    await publishSome();
    await writeFile(path, (await readFile(path, 'utf8')).replace('"index":1', '"index":7'));
    await expect(start()).rejects.toThrow(CheckpointError);
  });

  it('when that shows later only, stops the channel', async () => {
    await publishSome();
    ledger.isAway = true;
    const started = await start();
    ledger.replace();
    for (let block = 0; block < 10; block += 1) ledger.addBlock(1);
    ledger.isAway = false;
    await until('the warning', () => warnings.some((text) => text.includes('it is of another ledger (genesis), this one is another genesis')));
    expect(started.published).toBe(0);
  });

  it('because the ledger was replaced under a running server, stops the channel', async () => {
    const started = await start();
    addBlocks(5);
    await until('the events', async () => (await checkpoint())?.position === 15n);
    ledger.replace();
    addBlocks(10);
    await until('the warning', () => warnings.some((text) => text.includes('it is of another ledger (genesis), this one is another genesis')));
    expect(started.published).toBe(15);
  });
});
