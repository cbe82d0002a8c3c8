import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { eventToJson, procedures } from '@orchestrator/lib';
import { buildNewDataSample, createRandom } from '@orchestrator/testing';
import {
  callManagement,
  createTestDatabase,
  createTestVirtualHost,
  ServerProcess,
  startTestPostgres,
  TestRabbitMq,
  type TestVirtualHost,
} from '@orchestrator/tools';
import { connect } from 'amqplib';
import pg from 'pg';

const BATCH = 1000;
const DEADLINE_MS = 300_000;
const POLL_MS = 10;
/** What the limit has on its way at most, as the server does. */
const MAX_UNCONFIRMED = 2000;
const MILLIS = 1000;

const channel = 'mychannel';
const organization = 'MyOrg1MSP';
const exchange = 'orchestration';
const launcher = join(import.meta.dirname, '../../apps/orchestrator/bin/orchestrator');

/** How fast stored events reach the broker. */
export interface BrokerFigures {
  readonly events: number;
  /** The server, from the first to the last move of its cursor. */
  readonly eventsPerSecond: number;
  /** A bare amqplib publisher with confirms: the same bodies, exchange and queue. */
  readonly limitPerSecond: number;
}

/**
 * Measures the drain of a backlog beside a bare publisher, in the same run, on a real PostgreSQL and a real RabbitMQ.
 *
 * @param events how many to publish, rounded up to thousands.
 */
export async function measureBroker(events: number): Promise<BrokerFigures> {
  await using stack = new AsyncDisposableStack();
  const postgres = stack.use(await startTestPostgres());
  const database = stack.use(await createTestDatabase({ adminUrl: postgres.adminUrl }));
  const rabbit = stack.use(await TestRabbitMq.start((line) => console.log(line)));
  const host = stack.use(await createTestVirtualHost(rabbit));
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const channelConfig = join(folder, 'channels.yaml');
  await writeFile(channelConfig, `channels: {${channel}: [${organization}]}\n`);
  const environment = {
    ORCHESTRATOR_DATABASE_URL: database.url,
    ORCHESTRATOR_MIGRATE: 'true',
    ORCHESTRATOR_CHANNEL_CONFIG: channelConfig,
  };
  await fill(environment, events);
  const broker = { ORCHESTRATOR_AMQP_DSN: host.amqpUrl, ORCHESTRATOR_RABBITMQ_MANAGEMENT_URL: host.managementUrl };
  reconcile({ ...environment, ...broker });
  const eventsPerSecond = await drain({ ...environment, ORCHESTRATOR_AMQP_DSN: host.amqpUrl }, database.url);
  const bodies = await readBodies(database.url);
  await purge(host);
  const limitPerSecond = await publishBare(host.amqpUrl, bodies);
  return { events: bodies.length, eventsPerSecond, limitPerSecond };
}

/** Stores events, without a broker. */
async function fill(environment: Readonly<Record<string, string>>, events: number): Promise<void> {
  await using server = await ServerProcess.start(environment);
  const client = new Client(server.grpcAddress, credentials.createInsecure());
  const random = createRandom(1);
  await call(client, 'RegisterOrganization', { address: '' });
  for (let left = events; left > 0; left -= BATCH) {
    const samples = Array.from({ length: BATCH }, () => buildNewDataSample(random));
    await call(client, 'RegisterDataSamples', { samples });
  }
  client.close();
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function call(client: Client, method: string, request: object): Promise<unknown> {
  const procedure = procedures.find((row) => row.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  const metadata = new Metadata();
  metadata.set('mspid', organization);
  metadata.set('channel', channel);
  const path = `/orchestrator.${procedure.service}/${method}`;
  const bytes = procedure.request.encode(procedure.request.fromPartial(request)).finish();
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(path, toBuffer, toBuffer, bytes, metadata, (error, answer) => {
      if (error !== null) reject(error);
      else resolve(answer);
    });
  });
}

/** Declares the topology. An organization without a password gets a queue and no user, which is all that is needed. */
function reconcile(environment: Readonly<Record<string, string>>): void {
  try {
    execFileSync('sh', [launcher, 'broker', 'reconcile'], { env: { ...process.env, ...environment }, stdio: 'pipe' });
  } catch {
    // It reports the missing password by its exit code.
  }
}

async function readCursor(client: pg.Client): Promise<{ position: number; head: number }> {
  const { rows } = await client.query<{ position: string; head: string }>(
    `SELECT coalesce(b.position, 0) AS position, c.position AS head
    FROM channels c LEFT JOIN broker_cursors b ON b.channel = c.id WHERE c.name = $1`,
    [channel],
  );
  return { position: Number(rows[0]?.position ?? 0), head: Number(rows[0]?.head ?? 0) };
}

/** Starts the server with the broker. @returns events per second while the cursor moved. */
async function drain(environment: Readonly<Record<string, string>>, databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await using server = await ServerProcess.start(environment);
  const deadlineMs = performance.now() + DEADLINE_MS;
  let first: { readonly position: number; readonly atMs: number } | undefined;
  try {
    for (;;) {
      const { position, head } = await readCursor(client);
      const atMs = performance.now();
      if (position > 0) first ??= { position, atMs };
      if (position === head && first !== undefined) return ((position - first.position) / (atMs - first.atMs)) * MILLIS;
      if (atMs > deadlineMs) throw new Error(`the backlog was not drained in time:\n${server.output}`);
      await sleep(POLL_MS);
    }
  } finally {
    await client.end();
  }
}

async function readBodies(databaseUrl: string): Promise<readonly Buffer[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const { rows } = await client.query<{ event: Buffer }>('SELECT event FROM events ORDER BY position');
  await client.end();
  return rows.map(({ event }) => Buffer.from(eventToJson(event).text));
}

async function purge({ managementUrl, name }: TestVirtualHost): Promise<void> {
  await callManagement({ managementUrl, method: 'DELETE', path: `queues/${name}/${organization}/contents` });
}

/** @returns confirmed messages per second. */
async function publishBare(amqpUrl: string, bodies: readonly Buffer[]): Promise<number> {
  const connection = await connect(amqpUrl);
  const confirms = await connection.createConfirmChannel();
  const startMs = performance.now();
  for (let first = 0; first < bodies.length; first += MAX_UNCONFIRMED) {
    for (const body of bodies.slice(first, first + MAX_UNCONFIRMED)) {
      confirms.publish(exchange, channel, body, { persistent: true, contentType: 'application/json' });
    }
    await confirms.waitForConfirms();
  }
  const seconds = (performance.now() - startMs) / MILLIS;
  await connection.close();
  return bodies.length / seconds;
}
