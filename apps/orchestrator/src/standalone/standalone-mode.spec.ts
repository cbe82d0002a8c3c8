import { type ComputePlan, type QueryEventsResponse, type QueryPlansResponse, type RegisterTasksResponse } from '@orchestrator/lib';
import { buildNewComputePlan, createRandom } from '@orchestrator/testing';
import { DatabaseProxy, TcpProxy, type TestDatabase } from '@orchestrator/tools';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UnavailableError } from '../errors.ts';
import { call, callerOf, createMigratedDatabase, type ModeOptions, openMode, refusalOf, setScene, takeEvents, within } from './spec-support.ts';
import type { StandaloneMode } from './standalone-mode.ts';

let stack: AsyncDisposableStack;
let database: TestDatabase;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await createMigratedDatabase());
});

afterEach(async () => {
  await stack.disposeAsync();
});

function open(url = database.url, options: ModeOptions = {}): StandaloneMode {
  return stack.use(openMode(url, options));
}

async function eventKeys(mode: StandaloneMode, channel = 'mychannel'): Promise<string[]> {
  const { events } = await call<QueryEventsResponse>(mode, 'QueryEvents', { pageSize: 10_000, pageToken: '', sort: 0 }, callerOf({ channel }));
  return events.map((event) => event.assetKey);
}

describe('two replicas on one database', () => {
  it('write one after another, and both show every event in one order', async () => {
    const [a, b] = [open(), open()];
    await call(a, 'RegisterOrganization', { address: '' });
    const streams = await Promise.all([a, b].map((mode) => mode.subscribe(callerOf(), '')));
    const random = createRandom(1);
    const plans = Array.from({ length: 120 }, () => buildNewComputePlan(random));
    await Promise.all(plans.map((plan, index) => call(index % 2 === 0 ? a : b, 'RegisterPlan', plan)));
    const [fromA, fromB] = await Promise.all(streams.map((stream) => takeEvents(stream, plans.length + 1)));
    const keys = await eventKeys(a);
    expect(keys.toSorted()).toEqual(['MyOrg1MSP', ...plans.map((plan) => plan.key)].toSorted());
    expect(fromA?.map((event) => event.assetKey)).toEqual(keys);
    expect(fromB?.map((event) => event.assetKey)).toEqual(keys);
    const instants = fromA?.map((event) => (event.timestamp?.seconds ?? 0n) * 1_000_000_000n + BigInt(event.timestamp?.nanos ?? 0));
    expect(instants).toEqual(instants?.toSorted((x, y) => (x < y ? -1 : 1)));
    expect(new Set(instants).size).toBe(instants?.length);
  });

  it('see what the other has answered', async () => {
    const [a, b] = [open(), open()];
    await call(a, 'RegisterOrganization', { address: '' });
    const random = createRandom(2);
    for (let round = 0; round < 20; round += 1) {
      const plan = buildNewComputePlan(random);
      await call(round % 2 === 0 ? a : b, 'RegisterPlan', plan);
      await expect(call(round % 2 === 0 ? b : a, 'GetPlan', { key: plan.key })).resolves.toMatchObject({ key: plan.key });
    }
  });

  it('are woken without a poll', async () => {
    const [a, b] = [open(), open()];
    await call(a, 'RegisterOrganization', { address: '' });
    const stream = await b.subscribe(callerOf(), '');
    await takeEvents(stream, 1);
    const plan = buildNewComputePlan(createRandom(3));
    await call(a, 'RegisterPlan', plan);
    expect((await takeEvents(stream, 1))[0]?.assetKey).toBe(plan.key);
  });
});

describe('requests that share a transaction', () => {
  it('are refused alone', async () => {
    const mode = open();
    await call(mode, 'RegisterOrganization', { address: '' });
    const plan = buildNewComputePlan(createRandom(4));
    const others = Array.from({ length: 10 }, (_, index) => buildNewComputePlan(createRandom(100 + index)));
    const results = await Promise.allSettled([plan, plan, ...others, plan].map((asked) => call(mode, 'RegisterPlan', asked)));
    const refusals = results.filter((result) => result.status === 'rejected').map(({ reason }) => String(reason));
    expect(refusals).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('OE0006') as string));
    expect((await eventKeys(mode)).toSorted()).toEqual(['MyOrg1MSP', plan.key, ...others.map(({ key }) => key)].toSorted());
  });

  it('fail alone when the database fails one of them for a reason that nobody foresaw', async () => {
    const mode = open();
    await call(mode, 'RegisterOrganization', { address: '' });
    const plans = Array.from({ length: 10 }, (_, index) => buildNewComputePlan(createRandom(300 + index)));
    const poisoned = plans[5]?.key ?? '';
    const admin = new pg.Client({ connectionString: database.url });
    await admin.connect();
    await admin.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'poison'; END $$;
      CREATE TRIGGER poison BEFORE INSERT ON compute_plans FOR EACH ROW WHEN (NEW.key = '${poisoned}') EXECUTE FUNCTION refuse()`);
    await admin.end();
    const results = await Promise.allSettled(plans.map((plan) => call(mode, 'RegisterPlan', plan)));
    expect(results.map(({ status }) => status)).toEqual(plans.map(({ key }) => (key === poisoned ? 'rejected' : 'fulfilled')));
    const others = plans.map(({ key }) => key).filter((key) => key !== poisoned);
    expect((await eventKeys(mode)).toSorted()).toEqual(['MyOrg1MSP', ...others].toSorted());
    const stream = await mode.subscribe(callerOf(), '');
    expect((await takeEvents(stream, 10)).map(({ assetKey }) => assetKey)).toEqual(await eventKeys(mode));
  });

  it('see what those before them wrote', async () => {
    const mode = open();
    const scene = await setScene(mode, 5);
    const parent = scene.task();
    const ref = { $case: 'parentTaskOutput' as const, value: { parentTaskKey: parent.key, outputIdentifier: 'model' } };
    const child = scene.task({ inputs: [{ identifier: 'model', ref }] });
    const answers = await Promise.all([parent, child].map((task) => call<RegisterTasksResponse>(mode, 'RegisterTasks', { tasks: [task] })));
    expect(answers.map(({ tasks }) => tasks[0]?.rank)).toEqual([0, 1]);
  });
});

describe('a connection that is lost', () => {
  let proxy: DatabaseProxy;

  beforeEach(async () => {
    proxy = stack.use(await DatabaseProxy.start(database.url));
  });

  it.each(['before', 'after'] as const)('%s COMMIT reaches the database does not apply a request twice', async (fault) => {
    const mode = open(proxy.url);
    await call(mode, 'RegisterOrganization', { address: '' });
    const plan = buildNewComputePlan(createRandom(6));
    const lost = proxy.loseNextCommit(fault);
    await expect(call<ComputePlan>(mode, 'RegisterPlan', plan)).resolves.toMatchObject({ key: plan.key });
    await lost;
    expect(await eventKeys(mode)).toEqual(['MyOrg1MSP', plan.key]);
  });

  it('between requests is replaced', async () => {
    const mode = open(proxy.url);
    await call(mode, 'RegisterOrganization', { address: '' });
    for (let round = 0; round < 5; round += 1) {
      proxy.cut();
      const plan = buildNewComputePlan(createRandom(200 + round));
      await call(mode, 'RegisterPlan', plan);
      await expect(call(mode, 'GetPlan', { key: plan.key })).resolves.toMatchObject({ key: plan.key });
    }
  });

  it('for longer than the budget is UNAVAILABLE and not ready; it recovers, and its streams go on', async () => {
    const mode = open(proxy.url, { retryBudgetMs: 200 });
    const readiness: boolean[] = [];
    mode.onReadiness((ready) => readiness.push(ready));
    await call(mode, 'RegisterOrganization', { address: '' });
    const stream = await mode.subscribe(callerOf(), '');
    await takeEvents(stream, 1);
    const { port } = new URL(proxy.url);
    await proxy.close();
    const plan = buildNewComputePlan(createRandom(7));
    await expect(call(mode, 'RegisterPlan', plan)).rejects.toThrow(UnavailableError);
    await expect(call(mode, 'GetPlan', { key: plan.key })).rejects.toThrow(UnavailableError);
    await expect.poll(() => mode.isReady(), { timeout: 10_000 }).toBe(false);
    await proxy.open(Number(port));
    await expect.poll(() => mode.isReady(), { timeout: 10_000 }).toBe(true);
    await call(mode, 'RegisterPlan', plan);
    expect((await takeEvents(stream, 1))[0]?.assetKey).toBe(plan.key);
    expect(readiness).toEqual([false, true]);
  });
});

describe('connections to the database that fall silent', () => {
  it('hold up writes, reads and streams for a while only', async () => {
    const proxy = stack.use(await TcpProxy.start(database.url));
    const mode = open(proxy.url, { lockTimeoutMs: 300, statementTimeoutMs: 700, pollIntervalMs: 100 });
    const other = open();
    await call(mode, 'RegisterOrganization', { address: '' });
    const stream = await mode.subscribe(callerOf(), '');
    await takeEvents(stream, 1);
    for (let round = 0; round < 2; round += 1) {
      await call(mode, 'GetAllOrganizations', {});
      proxy.silence();
      const plan = buildNewComputePlan(createRandom(300 + round));
      const [written] = await within(Promise.all([call<ComputePlan>(mode, 'RegisterPlan', plan), call(mode, 'GetAllOrganizations', {})]), 10_000, 'an answer');
      expect(written.key).toBe(plan.key);
      expect((await takeEvents(stream, 1))[0]?.assetKey).toBe(plan.key);
      const told = buildNewComputePlan(createRandom(400 + round));
      await call(other, 'RegisterPlan', told);
      expect((await takeEvents(stream, 1))[0]?.assetKey).toBe(told.key);
    }
  });
});

describe('a channel whose lock is held by somebody who hangs', () => {
  it('is UNAVAILABLE after a while, while other channels and reads go on', async () => {
    const mode = open(database.url, { lockTimeoutMs: 300 });
    await call(mode, 'RegisterOrganization', { address: '' });
    const holder = new pg.Client({ connectionString: database.url });
    await holder.connect();
    try {
      await holder.query("SELECT pg_advisory_lock(x'0c4a0001'::int4, id) FROM channels WHERE name = 'mychannel'");
      const waiting = call(mode, 'RegisterPlan', buildNewComputePlan(createRandom(8)));
      const refused = refusalOf(waiting);
      await call(mode, 'RegisterOrganization', { address: '' }, callerOf({ channel: 'yourchannel' }));
      await call<QueryPlansResponse>(mode, 'QueryPlans', { pageSize: 0, pageToken: '' });
      expect(await refused).toBeInstanceOf(UnavailableError);
    } finally {
      await holder.end();
    }
    await call(mode, 'RegisterPlan', buildNewComputePlan(createRandom(8)));
  });
});

describe('an idempotency key', () => {
  it('brings the first answer back, also from another replica, and applies the request once', async () => {
    const [a, b] = [open(), open()];
    await call(a, 'RegisterOrganization', { address: '' });
    const plan = buildNewComputePlan(createRandom(9));
    const caller = callerOf({ idempotencyKey: 'k-1' });
    const answers = await Promise.all([a, b, a, b].map((mode) => call<ComputePlan>(mode, 'RegisterPlan', plan, caller)));
    expect(new Set(answers.map(({ creationDate }) => `${creationDate?.seconds}.${creationDate?.nanos}`)).size).toBe(1);
    expect(await eventKeys(a)).toEqual(['MyOrg1MSP', plan.key]);
    await expect(call(a, 'RegisterPlan', { ...plan, name: 'other' }, caller)).rejects.toThrow(/^OE0006: /u);
    await expect(call(a, 'RegisterPlan', plan)).rejects.toThrow(/^OE0006: /u);
  });

  it('keeps no failure', async () => {
    const mode = open();
    const plan = buildNewComputePlan(createRandom(10));
    const caller = callerOf({ idempotencyKey: 'k-2' });
    await expect(call(mode, 'RegisterPlan', plan, caller)).rejects.toThrow(/^OE0003: /u);
    await call(mode, 'RegisterOrganization', { address: '' });
    await expect(call(mode, 'RegisterPlan', plan, caller)).resolves.toMatchObject({ key: plan.key });
  });
});

describe('an answer above the limit', () => {
  it('is refused before anything is written', async () => {
    const mode = open(database.url, { maxAnswerBytes: 2000 });
    const scene = await setScene(mode, 11);
    const tasks = Array.from({ length: 50 }, () => scene.task());
    await expect(call(mode, 'RegisterTasks', { tasks })).rejects.toThrow(/message larger than max/u);
    await expect(call(mode, 'GetTask', { key: tasks[0]?.key })).rejects.toThrow(/^OE0002: /u);
  });
});

describe('an event above what clients take', () => {
  it('is refused with its request: no organization can stop the streams of the others', async () => {
    const mode = open();
    const scene = await setScene(mode, 12);
    const image = { checksum: 'a', storageAddress: `http://host/${'x'.repeat(5_000_000)}` };
    const update = call(mode, 'UpdateFunction', { key: scene.functionKey, name: 'large', image });
    await expect(update).rejects.toThrow(/^event message larger than max \(\d+ vs\. 4193280\)$/u);
    const fn = await call(mode, 'GetFunction', { key: scene.functionKey });
    expect(fn).toMatchObject({ image: { checksum: '' } });
    await call(mode, 'RegisterTasks', { tasks: [scene.task()] });
    expect(await eventKeys(mode)).toHaveLength(6);
  });
});

describe('a drain', () => {
  it('ends streams with UNAVAILABLE and takes no new ones', async () => {
    const mode = open();
    await call(mode, 'RegisterOrganization', { address: '' });
    const stream = await mode.subscribe(callerOf(), '');
    await takeEvents(stream, 1);
    const next = refusalOf(stream.next());
    mode.drain();
    expect(await within(next, 5000, 'the end of the stream')).toBeInstanceOf(UnavailableError);
    await expect(mode.subscribe(callerOf(), '')).rejects.toThrow(UnavailableError);
  });
});
