import { type ComputePlan, OrchestrationError, type QueryEventsResponse } from '@orchestrator/lib';
import { buildNewComputePlan, createRandom } from '@orchestrator/testing';
import type { TestDatabase } from '@orchestrator/tools';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { call, callerOf, createMigratedDatabase, openMode, refusalOf } from '../spec-support.ts';
import type { StandaloneMode } from '../standalone-mode.ts';
import { CHANNEL_LOCK_NAMESPACE, type ChannelHead, takeInstant } from './channel-head.ts';

const stack = new AsyncDisposableStack();
const random = createRandom(16);
const orgs = { a: callerOf(), b: callerOf({ mspid: 'MyOrg2MSP' }) };
const WAIT = { timeout: 10_000, interval: 10 };
let database: TestDatabase;
let mode: StandaloneMode;
let sql: pg.Client;
/** How many transactions have been committed; with which of them each plan was. */
let commits = 0;
const commitOf = new Map<string, number>();

beforeAll(async () => {
  database = stack.use(await createMigratedDatabase());
  mode = stack.use(openMode(database.url, { start: false }));
  mode.onStored(() => (commits += 1));
  for (const caller of Object.values(orgs)) await call(mode, 'RegisterOrganization', {}, caller);
  sql = new pg.Client({ connectionString: database.url });
  await sql.connect();
  stack.defer(() => sql.end());
});

afterAll(() => stack.disposeAsync());

async function register(key: string, org: keyof typeof orgs): Promise<void> {
  await call(mode, 'RegisterPlan', { ...buildNewComputePlan(random), key }, orgs[org]);
  commitOf.set(key, commits);
}

/** Sends the first request, the others once it runs, and lets it go on when all of them wait. */
async function runBehind(first: () => Promise<unknown>, others: () => readonly Promise<unknown>[]): Promise<unknown[]> {
  await sql.query('BEGIN');
  await sql.query(`SELECT pg_advisory_xact_lock(${CHANNEL_LOCK_NAMESPACE}, id) FROM channels WHERE name = 'mychannel'`);
  const running = refusalOf(first());
  const waiting = async () => (await sql.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount;
  await expect.poll(waiting, WAIT).toBe(1);
  const all = [running, ...others().map((one) => refusalOf(one))];
  await expect.poll(() => mode.lines().get('mychannel'), WAIT).toBe(all.length - 1);
  await sql.query('COMMIT');
  return Promise.all(all);
}

function newKeys(count: number): readonly string[] {
  return Array.from({ length: count }, () => buildNewComputePlan(random).key);
}

it('a request of another organization gets into the transaction under way, which ends with its round', async () => {
  const [a1 = '', a2 = '', a3 = '', a4 = '', b1 = ''] = newKeys(5);
  const refusals = await runBehind(
    () => register(a1, 'a'),
    () => [register(a2, 'a'), register(a3, 'a'), register(a4, 'a'), register(b1, 'b')],
  );
  expect(refusals).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect([a1, a2, b1, a3, a4].map((key) => (commitOf.get(key) ?? 0) - (commitOf.get(a1) ?? 0))).toEqual([0, 0, 0, 1, 1]);
});

it('a refusal in an open group takes back itself alone, also when the first one had no savepoint', async () => {
  const [taken = '', a2 = '', a3 = '', b1 = ''] = newKeys(4);
  await register(taken, 'a');
  const refusals = await runBehind(
    () => register(taken, 'a'),
    () => [register(a2, 'a'), register(taken, 'a'), register(a3, 'a'), register(b1, 'b')],
  );
  const conflict = expect.any(OrchestrationError) as unknown;
  expect(refusals).toEqual([conflict, undefined, conflict, undefined, undefined]);
  expect(commitOf.get(a2)).toBe(commitOf.get(b1));
  // The log has no hole where something was taken back.
  const { rows } = await sql.query<{ holes: string }>('SELECT max(position) - count(*) AS holes FROM events WHERE channel = (SELECT id FROM channels WHERE name = $1)', ['mychannel']);
  expect(rows).toEqual([{ holes: '0' }]);
});

it('instants go up within a group, in the order of the log', async () => {
  const keys = newKeys(6);
  const [first = '', ...others] = keys;
  await runBehind(
    () => register(first, 'a'),
    () => others.map((key, index) => register(key, index % 2 === 0 ? 'b' : 'a')),
  );
  const { events } = await call<QueryEventsResponse>(mode, 'QueryEvents', { pageToken: '', pageSize: 1000, filter: undefined, sort: 1 });
  const plans = events.flatMap(({ asset }) => (asset?.$case === 'computePlan' ? [asset.value] : []));
  const dates = plans.map(({ creationDate }: ComputePlan) => (creationDate?.seconds ?? 0n) * 1_000_000n + BigInt(Math.floor((creationDate?.nanos ?? 0) / 1000)));
  expect(dates.length).toBeGreaterThanOrEqual(keys.length);
  expect(dates.every((date, index) => index === 0 || date > (dates[index - 1] ?? 0n))).toBe(true);
});

it('a request that comes into an open transaction gets no instant from before it came', () => {
  const AGE_MS = 5000;
  const head: ChannelHead = { position: 0n, nextInstant: 100n, opened: { instant: 100n, atMs: performance.now() - AGE_MS }, transactionId: '1' };
  const first = takeInstant(head);
  expect(first).toBeGreaterThanOrEqual(100n + BigInt(AGE_MS) * 1000n);
  expect(takeInstant(head)).toBeGreaterThan(first);
  const busy: ChannelHead = { ...head, nextInstant: first * 2n };
  expect([takeInstant(busy), takeInstant(busy)]).toEqual([first * 2n, first * 2n + 1n]);
});
