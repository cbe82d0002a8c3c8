import type { QueryEventsResponse } from '@orchestrator/lib';
import pg from 'pg';
import { expect, it } from 'vitest';
import { call, callerOf, createMigratedDatabase, openMode, setScene, within } from '../spec-support.ts';

const WAIT = { timeout: 10_000, interval: 10 };
const SUBSCRIBERS = 5;

it('subscribers that are behind take one place at the database, and turns between organizations', async () => {
  await using database = await createMigratedDatabase();
  await using mode = openMode(database.url, { start: false });
  const scene = await setScene(mode, 3);
  await call(mode, 'RegisterTasks', { tasks: [scene.task()] });
  const { events } = await call<QueryEventsResponse>(mode, 'QueryEvents', { pageToken: '', pageSize: SUBSCRIBERS, filter: undefined, sort: 0 });
  const ids = events.map(({ id }) => id).slice(0, SUBSCRIBERS - 1);
  const subscribe = (startEventId: string, mspid = 'MyOrg1MSP') => mode.subscribe(callerOf({ mspid }), startEventId);
  const slow = await Promise.all(['', ...ids].map((id) => subscribe(id)));
  // At a place where nobody else is, or it would get what another one reads.
  const other = await subscribe(events.at(-1)?.id ?? '', 'MyOrg2MSP');
  const holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
  await holder.query('BEGIN; LOCK TABLE events IN ACCESS EXCLUSIVE MODE');
  const order: string[] = [];
  const reading = [...slow, other].map(async (subscription) => {
    await subscription.next();
    order.push(subscription === other ? 'other' : 'slow');
  });
  const blocked = async () => (await holder.query('SELECT FROM pg_locks WHERE NOT granted')).rowCount;
  await expect.poll(blocked, WAIT).toBe(1);
  // The others do not stand in the line of the pool, where each new subscriber and the health check have to pass.
  expect(mode.pools().get('feed')?.waiting).toBe(0);
  await holder.end();
  await within(Promise.all(reading), 10_000, 'a page for each');
  // Behind the one under way and one more of those who came before.
  expect(order).toHaveLength(SUBSCRIBERS + 1);
  expect(order.indexOf('other')).toBe(2);
  for (const subscription of [...slow, other]) await subscription[Symbol.asyncDispose]();
});
