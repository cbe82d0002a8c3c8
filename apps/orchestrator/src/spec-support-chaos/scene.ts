import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase, createTestVirtualHost, findFaketime, startTestPostgres, SteppedClock, type TestPostgres, TestRabbitMq } from '@orchestrator/tools';
import pg from 'pg';
import { declareTopology, QueueReader, type Topology } from '../broker/spec-support.ts';
import type { SpecClient } from '../spec-client.ts';
import type { Servers } from '../spec-support-faults/servers.ts';
import { eventually } from '../spec-waiting.ts';
import { migrate } from '../standalone/migrations/migrate.ts';
import { REPLICAS } from './plan.ts';
import { Replica } from './replica.ts';

/** Who is in which channel. */
export const TOPOLOGY = { mychannel: ['MyOrg1MSP', 'MyOrg2MSP', 'MyOrg3MSP'], yourchannel: ['MyOrg1MSP', 'MyOrg2MSP'] } as const satisfies Topology;
export const CHAOS_CHANNELS = ['mychannel', 'yourchannel'] as const;
export const CHAOS_ORGANIZATIONS = TOPOLOGY.mychannel;

export type ChaosChannel = (typeof CHAOS_CHANNELS)[number];

const DATABASE_TIMEOUT_MS = 60_000;
const QUERY_TIMEOUT_MS = 5000;

/** What outlives the servers: one PostgreSQL and one RabbitMQ, processes of their own. */
export class ChaosServices implements AsyncDisposable {
  readonly postgres: TestPostgres;
  readonly broker: TestRabbitMq;

  private constructor(postgres: TestPostgres, broker: TestRabbitMq) {
    this.postgres = postgres;
    this.broker = broker;
  }

  static async start(): Promise<ChaosServices> {
    await using stack = new AsyncDisposableStack();
    const postgres = stack.use(await startTestPostgres());
    const broker = await TestRabbitMq.start((line) => process.stderr.write(`${line}\n`));
    stack.move();
    return new ChaosServices(postgres, broker);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.broker[Symbol.asyncDispose]();
    await this.postgres[Symbol.asyncDispose]();
  }
}

/** Two servers over one empty database, with clocks of their own, and a reader of each organization's queue. */
export class ChaosScene implements AsyncDisposable, Servers {
  readonly services: ChaosServices;
  readonly replicas: readonly Replica[];
  readonly readers: ReadonlyMap<string, QueueReader>;
  readonly #databaseUrl: string;
  readonly #stack: AsyncDisposableStack;

  private constructor(parts: Pick<ChaosScene, 'services' | 'replicas' | 'readers'>, databaseUrl: string, stack: AsyncDisposableStack) {
    this.services = parts.services;
    this.replicas = parts.replicas;
    this.readers = parts.readers;
    this.#databaseUrl = databaseUrl;
    this.#stack = stack;
  }

  static async open(services: ChaosServices): Promise<ChaosScene> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-chaos-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const channelConfig = join(folder, 'channels.yaml');
    await writeFile(channelConfig, `channels: ${JSON.stringify(TOPOLOGY)}\n`);
    const database = opened.use(await createTestDatabase({ adminUrl: services.postgres.adminUrl }));
    await migrate(database.url);
    const { amqpUrl } = opened.use(await createTestVirtualHost(services.broker));
    await declareTopology(amqpUrl, TOPOLOGY);
    const readers = new Map<string, QueueReader>();
    for (const mspid of CHAOS_ORGANIZATIONS) readers.set(mspid, opened.use(await QueueReader.open(amqpUrl, mspid)));
    const replicas: Replica[] = [];
    const environment = { ORCHESTRATOR_CHANNEL_CONFIG: channelConfig };
    const faketime = findFaketime();
    for (let place = 0; place < REPLICAS; place += 1) {
      const clock = faketime === undefined ? undefined : opened.use(await SteppedClock.open(faketime));
      replicas.push(opened.use(await Replica.start({ databaseUrl: database.url, amqpUrl, environment, clock })));
    }
    return new ChaosScene({ services, replicas, readers }, database.url, opened.move());
  }

  replica(place: number): Replica {
    const replica = this.replicas[place % this.replicas.length];
    if (replica === undefined) throw new Error('there is no server');
    return replica;
  }

  client(place: number): SpecClient {
    return this.replica(place).client;
  }

  address(place: number): string {
    return this.replica(place).address;
  }

  /** Waits until PostgreSQL answers. */
  async databaseAnswers(): Promise<void> {
    await eventually('PostgreSQL answers', () => this.query('SELECT 1', []), DATABASE_TIMEOUT_MS);
  }

  /** A query past all proxies. */
  async query<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<readonly T[]> {
    const client = new pg.Client({ connectionString: this.#databaseUrl, connectionTimeoutMillis: QUERY_TIMEOUT_MS, query_timeout: QUERY_TIMEOUT_MS });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
