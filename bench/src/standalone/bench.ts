import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom } from '@orchestrator/testing';
import { ServerProcess } from '@orchestrator/tools';
import { Client } from '../client/client.ts';
import { cpuMs, familyCpuMs } from '../process/usage.ts';
import { Api } from '../workload/api.ts';
import type { Bench, Effort, Usage } from '../workload/bench.ts';
import { type Scene, setScene } from '../workload/scene.ts';
import type { Target } from '../workload/target.ts';
import { type BenchPostgres, withClient } from './database.ts';

const ORGANIZATION = 'MyOrg1MSP';
/** Also in both channels; it does nothing unless a row lets it. */
export const OTHER_ORGANIZATION = 'MyOrg2MSP';
const CHANNELS = ['mychannel', 'yourchannel'] as const;
const RETRIES = /^orc_db_transaction_retries_total (\d+)/m;

/** Servers on a database of their own, with a scene in two channels. */
export interface StandaloneBench extends Bench, AsyncDisposable {
  readonly postgres: BenchPostgres;
  readonly databaseUrl: string;
  readonly servers: readonly ServerProcess[];
  /** The settings of its servers, for one more of them. */
  readonly environment: Readonly<Record<string, string>>;
  /** Clients in one more process, to follow what the others do. */
  readonly followers: Client;
  /** Connections of the servers to the database. */
  countConnections(): Promise<number>;
}

/** What a bench is made of. */
export interface BenchOptions {
  readonly postgres: BenchPostgres;
  readonly effort: Effort;
  /** Servers on the one database. */
  readonly replicas?: number;
  /** Further settings of the servers. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts servers on an empty database. Everything goes when it is disposed of. */
export async function openBench({ postgres, effort, replicas = 1, ...options }: BenchOptions): Promise<StandaloneBench> {
  await using opening = new AsyncDisposableStack();
  const database = opening.use(await postgres.createDatabase());
  const environment = {
    ORCHESTRATOR_DATABASE_URL: database.url,
    ORCHESTRATOR_CHANNEL_CONFIG: await writeChannels(opening),
    ...options.environment,
  };
  const servers: ServerProcess[] = [];
  for (let index = 0; index < replicas; index += 1) servers.push(opening.use(await ServerProcess.start(environment)));
  opening.use(endWithProcess(servers));
  const addresses = servers.map(({ grpcAddress }) => grpcAddress);
  const target: Target = { addresses, organization: ORGANIZATION, channels: CHANNELS };
  const api = opening.use(await Api.open(target));
  const scenes = await setScenes(api);
  const client = opening.use(new Client());
  const followers = opening.use(new Client());
  const stack = opening.move();
  return {
    postgres,
    effort,
    databaseUrl: database.url,
    servers,
    environment,
    target,
    api,
    scenes,
    client,
    followers,
    usage: () => readUsage(servers, postgres),
    countConnections: () => countConnections(database.url),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** @returns the path of a channel configuration that goes with the stack. */
async function writeChannels(stack: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'channels.yaml');
  await writeFile(path, `channels: {${CHANNELS.map((name) => `${name}: [${ORGANIZATION}, ${OTHER_ORGANIZATION}]`).join(', ')}}\n`);
  return path;
}

async function setScenes(api: Api): Promise<readonly [Scene, Scene]> {
  const random = createRandom(1);
  const [first, second] = CHANNELS;
  return [
    await setScene(api, { channel: first, organization: ORGANIZATION, random }),
    await setScene(api, { channel: second, organization: ORGANIZATION, random }),
  ];
}

/** However the benchmark ends, it leaves no server behind. */
function endWithProcess(servers: readonly ServerProcess[]): Disposable {
  const onExit = (): void => {
    for (const server of servers) server.kill('SIGKILL');
  };
  process.on('exit', onExit);
  return { [Symbol.dispose]: () => process.off('exit', onExit) };
}

async function readUsage(servers: readonly ServerProcess[], postgres: BenchPostgres): Promise<Usage> {
  const retries = await Promise.all(servers.map(({ httpAddress }) => readRetries(httpAddress)));
  return {
    serverCpuMs: servers.reduce((sum, { pid }) => sum + cpuMs(pid), 0),
    databaseCpuMs: familyCpuMs(postgres.pid),
    retries: retries.reduce((sum, count) => sum + count, 0),
  };
}

async function readRetries(httpAddress: string): Promise<number> {
  const response = await fetch(`http://${httpAddress}/metrics`);
  return Number(RETRIES.exec(await response.text())?.[1] ?? 0);
}

async function countConnections(databaseUrl: string): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'orchestrator'`;
  const { rows } = await withClient(databaseUrl, (client) => client.query<{ count: number }>(text));
  return rows[0]?.count ?? 0;
}
