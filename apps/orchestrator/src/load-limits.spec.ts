import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ServiceError, status } from '@grpc/grpc-js';
import { QueryPlansResponse } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewDataManager, buildNewDataSample, createRandom } from '@orchestrator/testing';
import { ServerProcess, type TestDatabase } from '@orchestrator/tools';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SpecClient } from './spec-client.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';
import { CHANNEL_LOCK_NAMESPACE } from './standalone/transactions/channel-head.ts';

const limits = {
  ORCHESTRATOR_MAX_CALLS_PER_CONNECTION: '5',
  ORCHESTRATOR_MAX_CALLS_PER_ORGANIZATION: '8',
  ORCHESTRATOR_MAX_SUBSCRIBERS: '3',
  ORCHESTRATOR_MAX_SUBSCRIBERS_PER_ORGANIZATION: '2',
  ORCHESTRATOR_QUEUE_LIMIT: '2',
  ORCHESTRATOR_QUEUE_TIMEOUT: '1m',
  ORCHESTRATOR_LOCK_TIMEOUT: '1m',
  ORCHESTRATOR_DATABASE_POOL_SIZE: '1',
  ORCHESTRATOR_GRPC_MAX_RECEIVE_BYTES: '65536',
  ORCHESTRATOR_GRPC_MAX_SEND_BYTES: '16384',
  ORCHESTRATOR_MAX_PAGE_BYTES: '8192',
  METRICS_ENABLED: 'true',
};

const channels = 'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP], yourchannel: [MyOrg1MSP, MyOrg2MSP]}\n';
const org1 = { channel: 'mychannel', mspid: 'MyOrg1MSP' };
const elsewhere = { ...org1, channel: 'yourchannel' };
const org2 = { channel: 'mychannel', mspid: 'MyOrg2MSP' };
const WAIT = { timeout: 20_000, interval: 20 };

const stack = new AsyncDisposableStack();
const random = createRandom(6);
let database: TestDatabase;
let server: ServerProcess;

beforeAll(async () => {
  database = stack.use(await createMigratedDatabase());
  server = stack.use(await start(limits));
  for (const headers of [org1, org2, elsewhere]) await connect().call('RegisterOrganization', {}, headers);
});

afterAll(() => stack.disposeAsync());

async function start(environment: Readonly<Record<string, string>>): Promise<ServerProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-limits-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'channels.yaml');
  await writeFile(path, channels);
  return ServerProcess.start({ ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_CHANNEL_CONFIG: path, ...environment });
}

/** A client on a connection of its own. */
function connect(to = server): SpecClient {
  return stack.use(new SpecClient(to.grpcAddress, undefined, { 'grpc.use_local_subchannel_pool': 1 }));
}

/** Keeps something locked in the database until it is disposed of. */
async function hold(sql: string): Promise<AsyncDisposable & { readonly waiting: () => Promise<number> }> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('BEGIN');
  await client.query(sql);
  return {
    /** How many sessions of the server wait for a lock. */
    waiting: async () => {
      const { rows } = await client.query<{ count: number }>('SELECT count(*)::int AS count FROM pg_locks WHERE NOT granted');
      return rows[0]?.count ?? 0;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}

/** No writing request of the channel gets on meanwhile. */
const holdWrites = () =>
  hold(`SELECT pg_advisory_xact_lock(${CHANNEL_LOCK_NAMESPACE}, id) FROM channels WHERE name = 'mychannel'`);

/** No organization can be read meanwhile. */
const holdReads = () => hold('LOCK TABLE organizations IN ACCESS EXCLUSIVE MODE');

async function metric(name: string, of = server): Promise<number> {
  const text = await (await fetch(`http://${of.httpAddress}/metrics`)).text();
  const lines = text.split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

const write = (client: SpecClient, headers = org1) => client.call('RegisterPlan', buildNewComputePlan(random), headers);
const read = (client: SpecClient, headers = org1) => client.call('GetAllOrganizations', {}, headers);

/** How a call ended. */
function endOf(call: Promise<unknown>): Promise<readonly [status, string]> {
  return call.then(
    () => [status.OK, ''] as const,
    (error: unknown) => [(error as ServiceError).code, (error as ServiceError).details] as const,
  );
}

describe('above its limit a call is UNAVAILABLE at once, with a sentence', () => {
  it('in the line of a channel, where the organization that has most makes room for another one', async () => {
    const client = connect();
    const ends: Promise<readonly [status, string]>[] = [];
    {
      await using held = await holdWrites();
      ends.push(endOf(write(client)));
      await expect.poll(held.waiting, WAIT).toBe(1);
      ends.push(endOf(write(client)));
      await expect.poll(() => metric('orc_line_waiting_requests{channel="mychannel"}'), WAIT).toBe(1);
      ends.push(endOf(write(client)));
      await expect.poll(() => metric('orc_line_waiting_requests{channel="mychannel"}'), WAIT).toBe(2);
      const full = [status.UNAVAILABLE, 'too many requests wait for this channel, try again later'];
      expect(await endOf(write(client))).toEqual(full);
      expect((await endOf(write(client, elsewhere)))[0]).toBe(status.OK);
      ends.push(endOf(write(client, org2)));
      expect(await ends[2]).toEqual(full);
    }
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual([status.OK, status.OK, status.UNAVAILABLE, status.OK]);
  });

  it('in the line of those who read', async () => {
    const client = connect();
    const ends: Promise<readonly [status, string]>[] = [];
    {
      await using held = await holdReads();
      ends.push(endOf(read(client)));
      await expect.poll(held.waiting, WAIT).toBe(1);
      ends.push(endOf(read(client)), endOf(read(client)));
      await expect.poll(() => metric('orc_db_pool_waiting{pool="read"}'), WAIT).toBe(2);
      expect(await endOf(read(client))).toEqual([status.UNAVAILABLE, 'too many requests wait to read, try again later']);
    }
    expect((await Promise.all(ends)).map(([code]) => code)).toEqual([status.OK, status.OK, status.OK]);
  });

  it('of a connection, of an organization, and of subscribers', async () => {
    const client = connect();
    const [first, second] = [client.open(org1), client.open(org1)];
    await Promise.all([first.accepted, second.accepted]);
    expect(await client.open(org1).ended).toMatchObject({
      code: status.UNAVAILABLE,
      details: '2 event streams of this organization are open in the channel: try again later',
    });
    const third = client.open(org2);
    await third.accepted;
    expect(await client.open(org2).ended).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'too many subscribers follow this channel, try again later',
    });
    const ends: Promise<readonly [status, string]>[] = [];
    {
      await using held = await holdWrites();
      await using _reads = await holdReads();
      ends.push(endOf(write(client)), endOf(write(client)));
      await expect.poll(() => metric('orc_line_waiting_requests{channel="mychannel"}'), WAIT).toBe(1);
      expect(await endOf(write(client))).toEqual([status.UNAVAILABLE, '5 calls are under way on this connection: try again later']);
      const other = connect();
      ends.push(endOf(write(other)), endOf(read(other)), endOf(read(other)), endOf(read(other)));
      await expect.poll(() => metric('orc_db_pool_waiting{pool="read"}'), WAIT).toBe(2);
      await expect.poll(held.waiting, WAIT).toBe(2);
      expect(await endOf(read(connect()))).toEqual([status.UNAVAILABLE, '8 calls of this organization are under way: try again later']);
      for (const stream of [first, second, third]) stream.cancel();
    }
    expect((await Promise.all(ends)).every(([code]) => code === status.OK)).toBe(true);
  });
});

it('below its limit one that reads much leaves places to those who only look something up', async () => {
  await using roomy = await start({ ORCHESTRATOR_DATABASE_POOL_SIZE: '8', METRICS_ENABLED: 'true' });
  const client = connect(roomy);
  expect((await endOf(client.call('GetPlan', { key: buildNewComputePlan(random).key }, org2)))[0]).toBe(status.NOT_FOUND);
  const reads: Promise<unknown>[] = [];
  {
    await using held = await holdReads();
    for (let count = 0; count < 3; count += 1) reads.push(read(client));
    await expect.poll(() => metric('orc_db_pool_waiting{pool="read"}', roomy), WAIT).toBe(2);
    await expect.poll(held.waiting, WAIT).toBe(1);
  }
  await Promise.all(reads);
});

it('a request that has waited too long for its turn is UNAVAILABLE', async () => {
  await using impatient = await start({ ORCHESTRATOR_QUEUE_TIMEOUT: '50ms', ORCHESTRATOR_DATABASE_POOL_SIZE: '1' });
  const client = connect(impatient);
  await using writes = await holdWrites();
  const ends = [endOf(write(client))];
  await expect.poll(writes.waiting, WAIT).toBe(1);
  expect(await endOf(write(client))).toEqual([status.UNAVAILABLE, 'the request waited too long for its turn, try again later']);
  await using _reads = await holdReads();
  ends.push(endOf(read(client)));
  await expect.poll(writes.waiting, WAIT).toBe(2);
  expect(await endOf(read(client))).toEqual([status.UNAVAILABLE, 'the request waited too long to read, try again later']);
  await writes[Symbol.asyncDispose]();
  await _reads[Symbol.asyncDispose]();
  expect((await Promise.all(ends)).map(([code]) => code)).toEqual([status.OK, status.OK]);
});

describe('the size of messages and pages', () => {
  it('RESOURCE_EXHAUSTED is a request or an answer above the limit', async () => {
    const client = connect();
    const [code, sentence] = await endOf(client.call('RegisterPlan', { ...buildNewComputePlan(random), tag: 'x'.repeat(70_000) }, org1));
    expect([code, sentence]).toEqual([status.RESOURCE_EXHAUSTED, expect.stringContaining('65536')]);
    const manager = buildNewDataManager(random);
    await client.call('RegisterDataManager', manager, org1);
    const samples = Array.from({ length: 150 }, () => buildNewDataSample(random, { dataManagerKeys: [manager.key] }));
    const tooLarge = await endOf(client.call('RegisterDataSamples', { samples }, org1));
    expect(tooLarge).toEqual([status.RESOURCE_EXHAUSTED, expect.stringContaining('16384')]);
    expect((await endOf(client.call('GetDataSample', { key: samples[0]?.key }, org1)))[0]).toBe(status.NOT_FOUND);
  });

  it('a page ends at its size, and the next one goes on', async () => {
    const client = connect();
    for (let count = 0; count < 60; count += 1) await write(client);
    const seen = new Set<string>();
    let pageToken = '';
    do {
      const bytes = await client.call('QueryPlans', { pageSize: 500, pageToken }, org1);
      expect(bytes.length).toBeLessThanOrEqual(8192);
      const page = QueryPlansResponse.decode(bytes);
      for (const { key } of page.plans) seen.add(key);
      pageToken = page.nextPageToken;
      expect(pageToken === '').toBe(bytes.length < 4000 || seen.size >= 60);
    } while (pageToken !== '');
    expect(seen.size).toBeGreaterThanOrEqual(60);
  });
});
