import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RegisterTasksParam } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction, type Random } from '@orchestrator/testing';
import { createTestDatabase, ServerProcess, startTestPostgres, TcpProxy, type TestPostgres, TestRabbitMq } from '@orchestrator/tools';
import pg from 'pg';
import { SpecClient } from '../spec-client.ts';
import { migrate } from '../standalone/migrations/migrate.ts';
import { declareTopology, QueueReader, type Topology } from './spec-support.ts';

export const A = 'MyOrg1MSP';
export const B = 'MyOrg2MSP';
export const TOPOLOGY: Topology = { mychannel: [A, B], yourchannel: [A] };
export const CHANNELS = ['mychannel', 'yourchannel'] as const;

export type ChannelName = (typeof CHANNELS)[number];

/** PostgreSQL, RabbitMQ, a server with a proxy before each of them, and a reader of each organization's queue. */
export class FaultScene implements AsyncDisposable {
  readonly #stack: AsyncDisposableStack;
  readonly broker: TestRabbitMq;
  readonly databaseProxy: TcpProxy;
  readonly amqpProxy: TcpProxy;
  readonly readers: Readonly<Record<string, QueueReader>>;
  readonly #postgres: TestPostgres;
  readonly #databaseUrl: string;
  readonly #environment: Readonly<Record<string, string>>;
  #plans = new Map<ChannelName, { readonly functionKey: string; readonly computePlanKey: string }>();

  private constructor(parts: {
    readonly stack: AsyncDisposableStack;
    readonly broker: TestRabbitMq;
    readonly databaseProxy: TcpProxy;
    readonly amqpProxy: TcpProxy;
    readonly readers: Readonly<Record<string, QueueReader>>;
    readonly postgres: TestPostgres;
    readonly databaseUrl: string;
    readonly channelConfig: string;
  }) {
    this.#stack = parts.stack;
    this.broker = parts.broker;
    this.databaseProxy = parts.databaseProxy;
    this.amqpProxy = parts.amqpProxy;
    this.readers = parts.readers;
    this.#postgres = parts.postgres;
    this.#databaseUrl = parts.databaseUrl;
    this.#environment = {
      ORCHESTRATOR_DATABASE_URL: parts.databaseProxy.url,
      ORCHESTRATOR_AMQP_DSN: parts.amqpProxy.url,
      ORCHESTRATOR_CHANNEL_CONFIG: parts.channelConfig,
      METRICS_ENABLED: 'true',
    };
  }

  static async open(): Promise<FaultScene> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), 'orchestrator-faults-'));
    opened.defer(() => rm(folder, { recursive: true, force: true }));
    const channelConfig = join(folder, 'channels.yaml');
    await writeFile(channelConfig, `channels: ${JSON.stringify(TOPOLOGY)}\n`);
    const postgres = opened.use(await startTestPostgres());
    const database = opened.use(await createTestDatabase({ adminUrl: postgres.adminUrl }));
    await migrate(database.url);
    const broker = opened.use(await TestRabbitMq.start((line) => process.stderr.write(`${line}\n`)));
    await declareTopology(broker.amqpUrl, TOPOLOGY);
    const databaseProxy = opened.use(await TcpProxy.start(database.url));
    const amqpProxy = opened.use(await TcpProxy.start(broker.amqpUrl));
    const [one, other] = [await QueueReader.open(broker.amqpUrl, A), await QueueReader.open(broker.amqpUrl, B)];
    opened.use(one);
    opened.use(other);
    const readers = { [A]: one, [B]: other };
    return new FaultScene({ stack: opened.move(), broker, databaseProxy, amqpProxy, readers, postgres, databaseUrl: database.url, channelConfig });
  }

  /** A server behind the proxies. */
  startServer(): Promise<ServerProcess> {
    return ServerProcess.start(this.#environment);
  }

  /** Registers what tasks need, once. */
  async prepare(server: ServerProcess, random: Random): Promise<void> {
    using client = new SpecClient(server.grpcAddress);
    for (const channel of CHANNELS) {
      const headers = { channel, mspid: A };
      const fn = buildNewFunction(random);
      const plan = buildNewComputePlan(random);
      await client.call('RegisterOrganization', { address: '' }, headers);
      await client.call('RegisterFunction', fn, headers);
      await client.call('RegisterPlan', plan, headers);
      this.#plans.set(channel, { functionKey: fn.key, computePlanKey: plan.key });
    }
  }

  /** Registers tasks in one request. @throws ServiceError */
  async register(server: ServerProcess, channel: ChannelName, { random, count }: { random: Random; count: number }): Promise<void> {
    using client = new SpecClient(server.grpcAddress);
    const scene = this.#plans.get(channel);
    const tasks = Array.from({ length: count }, () => buildNewComputeTask(random, { ...scene, worker: A }));
    await client.call('RegisterTasks', RegisterTasksParam.fromPartial({ tasks }), { channel, mspid: A });
  }

  /** The ids of a channel's events in their order, as stored. */
  async storedIds(channel: ChannelName): Promise<readonly string[]> {
    const text = 'SELECT events.id FROM events JOIN channels ON channels.id = events.channel WHERE name = $1 ORDER BY events.position';
    return (await this.query<{ id: string }>(text, [channel])).map(({ id }) => id);
  }

  /** How far the broker has confirmed, by the stored cursor. */
  async cursorOf(channel: ChannelName): Promise<number> {
    const text = 'SELECT broker_cursors.position::int FROM broker_cursors JOIN channels ON id = channel WHERE name = $1';
    return (await this.query<{ position: number }>(text, [channel]))[0]?.position ?? 0;
  }

  /** The process that publishes the channel. */
  async holderOf(channel: ChannelName): Promise<number> {
    const text = 'SELECT holder FROM broker_cursors JOIN channels ON id = channel WHERE name = $1';
    return Number((await this.query<{ holder: string }>(text, [channel]))[0]?.holder.split('/').at(-1));
  }

  /** Ends PostgreSQL on the spot; it comes back by itself. */
  crashPostgres(): void {
    this.#postgres.end('SIGQUIT');
  }

  async query<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.#databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
