import { randomUUID } from 'node:crypto';
import { AssetKind, Event, EventKind } from '@orchestrator/lib';
import { createTestDatabase, type TestDatabase } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { migrate } from '../migrations/migrate.ts';
import { BinaryClient } from '../sql/binary-rows.ts';
import { ClientExecutor } from '../sql/client-executor.ts';
import { type EventLogQuery, findPosition, readEvents, readHead, type StoredEvent } from './event-log.ts';
import { createPostgresDbal } from './postgres-dbal.ts';

const CHANNEL_ID = 1;
const EMPTY_CHANNEL_ID = 2;
const EVENT_COUNT = 9;

let database: TestDatabase;
let client: BinaryClient;
let sql: ClientExecutor;
const told: StoredEvent[] = [];

function buildEvent(index: number): Event {
  return Event.fromPartial({
    id: randomUUID(),
    assetKey: 'x'.repeat(100 * index),
    assetKind: AssetKind.ASSET_ORGANIZATION,
    eventKind: EventKind.EVENT_ASSET_CREATED,
    channel: 'one',
    timestamp: { seconds: 0n, nanos: 5000 },
  });
}

const events = Array.from({ length: EVENT_COUNT }, (_, index) => buildEvent(index));
const expected = events.map((event, index) => ({
  position: BigInt(index + 1),
  bytes: Uint8Array.from(Event.encode(event).finish()),
}));

beforeAll(async () => {
  database = await createTestDatabase();
  await migrate(database.url);
  client = new BinaryClient({ connectionString: database.url, pipeline: true });
  await client.connect();
  await client.query("INSERT INTO channels (name, position) VALUES ('one', 9), ('two', 0)");
  sql = new ClientExecutor(client);
  let next = 1n;
  const dbal = createPostgresDbal({
    sql,
    channelId: CHANNEL_ID,
    channel: 'one',
    takePositions(count) {
      const first = next;
      next += BigInt(count);
      return first;
    },
    onEvents: (stored) => told.push(...stored),
  });
  dbal.event.addEvents(events.slice(0, 4));
  dbal.event.addEvents([]);
  dbal.event.addEvents(events.slice(4));
  await sql.flush();
});

afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

function read(query: Partial<EventLogQuery>): Promise<readonly StoredEvent[]> {
  return readEvents(sql, { channelId: CHANNEL_ID, after: 0n, limit: 100, maxBytes: 1_000_000, ...query });
}

it('reads the events as they were stored, in order', async () => {
  expect(await read({})).toEqual(expected);
  expect(await read({ after: 6n })).toEqual(expected.slice(6));
  expect(await read({ after: 9n })).toEqual([]);
  expect(await read({ channelId: EMPTY_CHANNEL_ID })).toEqual([]);
});

it('reads no more events than are wanted', async () => {
  expect(await read({ limit: 3 })).toEqual(expected.slice(0, 3));
  expect(await read({ after: 2n, limit: 3 })).toEqual(expected.slice(2, 5));
});

it('reads no more bytes than are wanted, but one event', async () => {
  const threeBytes = expected.slice(0, 3).reduce((sum, { bytes }) => sum + bytes.length, 0);
  expect(await read({ maxBytes: threeBytes })).toEqual(expected.slice(0, 3));
  expect(await read({ maxBytes: threeBytes - 1 })).toEqual(expected.slice(0, 2));
  expect(await read({ after: 8n, maxBytes: 1 })).toEqual(expected.slice(8));
});

it('tells of the events that it stores, as they will be read', () => {
  expect(told.map(({ position, bytes }) => ({ position, bytes: Uint8Array.from(bytes) }))).toEqual(expected);
});

it('finds the position of an event by its id, in its channel', async () => {
  const id = events[5]?.id ?? '';
  expect(await findPosition(sql, CHANNEL_ID, id)).toBe(6n);
  expect(await findPosition(sql, EMPTY_CHANNEL_ID, id)).toBeUndefined();
  for (const unknown of [randomUUID(), '', 'x', `${id}\0`, id.toUpperCase().concat(' ')]) {
    expect(await findPosition(sql, CHANNEL_ID, unknown)).toBeUndefined();
  }
});

it('reads the head of a log', async () => {
  expect(await readHead(sql, CHANNEL_ID)).toBe(9n);
  expect(await readHead(sql, EMPTY_CHANNEL_ID)).toBe(0n);
  expect(await readHead(sql, 3)).toBe(0n);
});
