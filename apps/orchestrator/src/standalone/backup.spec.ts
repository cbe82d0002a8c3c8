// Runs the commands of docs/operations/backup.md, on the oldest PostgreSQL that is supported.
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { status } from '@grpc/grpc-js';
import { type DataSample, Event, QueryDataSamplesResponse, QueryEventsResponse, SubscribeToEventsParam } from '@orchestrator/lib';
import { buildNewDataManager, buildNewDataSample, createRandom } from '@orchestrator/testing';
import {
  codeBlocks,
  createTestDatabase,
  createTestVirtualHost,
  databaseUrl,
  ensureDebianPostgres,
  runMigration,
  ServerProcess,
  startDebianPostgres,
} from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareTopology, QueueReader } from '../broker/spec-support.ts';
import { SpecClient } from '../spec-client.ts';
import { until } from '../spec-waiting.ts';
import { allPages } from '../spec-support-faults/pages.ts';
import { connect } from './migrations/spec-support.ts';

const run = promisify(execFile);

const TIMEOUT_MS = 240_000;
const WRITERS = 4;
/** Samples of one request: they are there together or not at all. */
const BATCH = 3;
const CALLS_BEFORE = 60;
const CALLS_AFTER = 60;
const PAGE_SIZE = 10_000;
const SUBSCRIBE = '/orchestrator.EventService/SubscribeToEvents';
const ORGANIZATION = 'MyOrg1MSP';

const page = codeBlocks(await readFile(join(import.meta.dirname, '../../../../docs/operations/backup.md'), 'utf8'));

/** The page's block that has these words. */
function commandsWith(words: string): string {
  const [block, ...others] = page.filter(({ language, text }) => language === 'sh' && text.includes(words));
  if (block === undefined || others.length > 0) throw new Error(`the page should have one block with "${words}"`);
  return block.text;
}

const stack = new AsyncDisposableStack();
let folder: string;

async function sh(commands: string, environment: Readonly<Record<string, string>> = {}): Promise<string> {
  const env = { ...process.env, ...environment };
  return (await run('sh', ['-euc', commands], { cwd: folder, env, timeout: TIMEOUT_MS })).stdout;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'orchestrator-backup-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
});

afterAll(() => stack.disposeAsync(), TIMEOUT_MS);

/** Registers a batch again and again until told to stop. Tells of each one that was answered. */
async function write(client: SpecClient, { seed, isOver, answered }: Writer): Promise<void> {
  const random = createRandom(seed);
  while (!isOver()) {
    const samples = Array.from({ length: BATCH }, () => buildNewDataSample(random));
    await client.call('RegisterDataSamples', { samples });
    answered(samples.map(({ key }) => key));
  }
}

interface Writer {
  readonly seed: number;
  readonly isOver: () => boolean;
  readonly answered: (keys: readonly string[]) => void;
}

function eventsOf(client: SpecClient): Promise<readonly Event[]> {
  return allPages(async (pageToken) => {
    const { events, nextPageToken } = QueryEventsResponse.decode(await client.call('QueryEvents', { pageToken, pageSize: PAGE_SIZE }));
    return { items: events, nextPageToken };
  });
}

function samplesOf(client: SpecClient): Promise<readonly DataSample[]> {
  return allPages(async (pageToken) => {
    const answer = QueryDataSamplesResponse.decode(await client.call('QueryDataSamples', { pageToken, pageSize: PAGE_SIZE }));
    return { items: answer.dataSamples, nextPageToken: answer.nextPageToken };
  });
}

function idsOf(events: readonly Event[]): readonly string[] {
  return events.map(({ id }) => id);
}

/** The first event of a stream that starts behind an event, or the status that refuses it. */
async function firstAfter(client: SpecClient, startEventId: string): Promise<Event | status> {
  const request = SubscribeToEventsParam.encode({ startEventId }).finish();
  try {
    return Event.decode(Buffer.from(await client.firstOfStream(SUBSCRIBE, request), 'base64'));
  } catch (error) {
    if (error instanceof Error && 'code' in error) return error.code as status;
    throw error;
  }
}

describe('a dump that was made under load, restored', { timeout: TIMEOUT_MS }, () => {
  let client: SpecClient;
  /** What the page's query says of the restored database. */
  let reach: string;
  let restoredUrl: string;
  /** How far the dump knows the broker to be. */
  let restoredCursor: number;
  /** Of the server that was dumped, in the end: it knows more than the restored one. */
  let lostLog: readonly Event[];
  let restoredLog: readonly Event[];
  const before: string[] = [];
  let reader: QueueReader;
  let broker: string;

  async function startServer(url: string): Promise<SpecClient> {
    const channels = join(folder, 'channels.yaml');
    await writeFile(channels, `channels: {mychannel: [${ORGANIZATION}]}\n`);
    const environment = { ORCHESTRATOR_DATABASE_URL: url, ORCHESTRATOR_CHANNEL_CONFIG: channels, ORCHESTRATOR_AMQP_DSN: broker };
    const server = stack.use(await ServerProcess.start(environment));
    return stack.use(new SpecClient(server.grpcAddress));
  }

  /** The publisher's position in the restored database. */
  async function readCursor(): Promise<number> {
    const database = await connect(restoredUrl);
    const { rows } = await database.query<{ position: number }>('SELECT position::int FROM broker_cursors');
    await database.end();
    return rows[0]?.position ?? 0;
  }

  /** Dumps while requests go on, and waits for some more. */
  async function dumpUnderLoad(writing: SpecClient, environment: Readonly<Record<string, string>>): Promise<void> {
    const answered: string[] = [];
    let isOver = false;
    const writers = Array.from({ length: WRITERS }, (_, index) =>
      write(writing, { seed: index + 1, isOver: () => isOver, answered: (keys) => answered.push(...keys) }),
    );
    try {
      await until('requests before the dump', async () => answered.length >= CALLS_BEFORE * BATCH);
      before.push(...answered);
      await sh(commandsWith('pg_dump'), environment);
      const { length } = answered;
      await until('requests after the dump', async () => answered.length >= length + CALLS_AFTER * BATCH);
    } finally {
      isOver = true;
      await Promise.all(writers);
    }
  }

  beforeAll(async () => {
    const binDir = await ensureDebianPostgres((line) => process.stderr.write(`${line}\n`));
    const postgres = await startDebianPostgres();
    if (postgres === undefined) throw new Error("Debian's PostgreSQL is not there");
    stack.use(postgres);
    const virtualHost = stack.use(await createTestVirtualHost());
    broker = virtualHost.amqpUrl;
    await declareTopology(broker, { mychannel: [ORGANIZATION] });
    reader = stack.use(await QueueReader.open(broker, ORGANIZATION));
    const { url } = stack.use(await createTestDatabase({ adminUrl: postgres.adminUrl }));
    restoredUrl = databaseUrl(postgres.adminUrl, 'orchestrator_restored');
    const environment = {
      PATH: `${binDir}${delimiter}${process.env['PATH'] ?? ''}`,
      ORCHESTRATOR_DATABASE_URL: url,
      RESTORED_DATABASE_URL: restoredUrl,
    };
    await runMigration(url);
    const dumped = await startServer(url);
    await dumped.call('RegisterOrganization', { address: '' });
    await dumpUnderLoad(dumped, environment);
    lostLog = await eventsOf(dumped);
    await reader.waitFor(idsOf(lostLog), TIMEOUT_MS);
    await sh(commandsWith('pg_restore'), environment);
    reach = await sh(commandsWith('psql'), environment);
    restoredCursor = await readCursor();
    client = await startServer(restoredUrl);
    restoredLog = await eventsOf(client);
  }, TIMEOUT_MS);

  it('holds all that was answered before, each request as a whole, and ends before what came after', async () => {
    const keys = new Set((await samplesOf(client)).map(({ key }) => key));
    expect(before.filter((key) => !keys.has(key))).toEqual([]);
    expect(reach).toMatch(new RegExp(`^mychannel\\|${restoredLog.length}\\|20\\d\\d-`, 'u'));
    const created = restoredLog.slice(1);
    expect(created.map(({ assetKey }) => assetKey).toSorted()).toEqual([...keys].toSorted());
    expect(created.length % BATCH).toBe(0);
    expect(restoredLog).toEqual(lostLog.slice(0, restoredLog.length));
    expect(restoredLog.length).toBeLessThan(lostLog.length);
  });

  it('refuses a stream from an event that is lost, and goes on from the newest one that it has', async () => {
    const [lost] = lostLog.slice(restoredLog.length);
    expect(await firstAfter(client, lostLog.at(-1)?.id ?? '')).toBe(status.NOT_FOUND);
    expect(await firstAfter(client, lost?.id ?? '')).toBe(status.NOT_FOUND);
    // As the page says: the ids that the subscriber has seen, the newest first.
    const seen = idsOf(lostLog).toReversed();
    const known = new Set(idsOf(restoredLog));
    const place = seen.find((id) => known.has(id)) ?? '';
    expect(place).toBe(restoredLog.at(-1)?.id);
    const manager = buildNewDataManager(createRandom(50));
    await client.call('RegisterDataManager', manager);
    expect(await firstAfter(client, place)).toMatchObject({ assetKey: manager.key });
    expect(await firstAfter(client, restoredLog.at(-2)?.id ?? '')).toEqual(restoredLog.at(-1));
    expect(idsOf(lostLog)).not.toContain(idsOf(await eventsOf(client)).at(-1));
  });

  it('is published from where the dump knows the broker to be, and to its end', async () => {
    const log = idsOf(await eventsOf(client));
    const arrived = await reader.waitFor(log, 60_000);
    expect(arrived.filter((id) => log.includes(id))).toEqual(log);
    // The lost ones are in the queue too, and nothing takes them back.
    expect(reader.ids).toEqual(expect.arrayContaining([...idsOf(lostLog)]));
    await until('the cursor at the end of the log', async () => (await readCursor()) === log.length);
    // What the dump did not know to be published came twice, nothing else did.
    expect(restoredCursor).toBeLessThanOrEqual(restoredLog.length);
    expect(reader.deliveries.slice(lostLog.length).map(({ id }) => id)).toEqual(log.slice(restoredCursor));
  });
});

describe('a cold copy of the embedded store', { timeout: TIMEOUT_MS }, () => {
  it('gives the same answers, and goes on by itself', async () => {
    const random = createRandom(7);
    const answers = async (server: ServerProcess): Promise<readonly string[]> => {
      using client = new SpecClient(server.grpcAddress);
      const calls = ['QueryDataSamples', 'QueryEvents', 'GetAllOrganizations'].map((method) => client.call(method, {}));
      return (await Promise.all(calls)).map((bytes) => bytes.toString('base64'));
    };
    const original = await ServerProcess.start({ ORCHESTRATOR_DATA_DIR: join(folder, 'data') });
    const writing = new SpecClient(original.grpcAddress);
    await writing.call('RegisterOrganization', { address: '' });
    await writing.call('RegisterDataSamples', { samples: Array.from({ length: BATCH }, () => buildNewDataSample(random)) });
    const expected = await answers(original);
    writing[Symbol.dispose]();
    await original[Symbol.asyncDispose]();
    await sh(commandsWith('cp -a'));
    await using copy = await ServerProcess.start({ ORCHESTRATOR_DATA_DIR: join(folder, 'data.backup') });
    expect(await answers(copy)).toEqual(expected);
    using client = new SpecClient(copy.grpcAddress);
    await client.call('RegisterDataSamples', { samples: [buildNewDataSample(random)] });
    await using again = await ServerProcess.start({ ORCHESTRATOR_DATA_DIR: join(folder, 'data') });
    expect(await answers(again)).toEqual(expected);
    expect(await samplesOf(client)).toHaveLength(BATCH + 1);
  });
});
