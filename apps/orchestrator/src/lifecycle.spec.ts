import { type ServiceError, status } from '@grpc/grpc-js';
import { ComputePlan, RegisterTasksParam } from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction, createRandom, type Random } from '@orchestrator/testing';
import { createTestDatabase, ServerProcess, type TestDatabase } from '@orchestrator/tools';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SpecClient } from './spec-client.ts';
import { createMigratedDatabase } from './standalone/spec-support.ts';

const BATCH = 5;
const WRITERS = 8;

let stack: AsyncDisposableStack;
let database: TestDatabase;
let channelConfig: string;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  database = stack.use(await createMigratedDatabase());
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-lifecycle-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  channelConfig = join(folder, 'channels.yaml');
  await writeFile(channelConfig, 'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP]}\n');
});

afterEach(async () => {
  await stack.disposeAsync();
});

async function start(changed: Record<string, string> = {}): Promise<ServerProcess> {
  const environment = { ORCHESTRATOR_DATABASE_URL: database.url, ORCHESTRATOR_CHANNEL_CONFIG: channelConfig };
  return stack.use(await ServerProcess.start({ ...environment, ...changed }));
}

/** A client that goes with the test. */
function clientOf(server: ServerProcess): SpecClient {
  return stack.use(new SpecClient(server.grpcAddress));
}

interface Scene {
  readonly functionKey: string;
  readonly computePlanKey: string;
}

async function setScene(caller: SpecClient, random: Random): Promise<Scene> {
  const fn = buildNewFunction(random);
  const plan = buildNewComputePlan(random);
  await caller.call('RegisterOrganization', { address: '' });
  await caller.call('RegisterFunction', fn);
  await caller.call('RegisterPlan', plan);
  return { functionKey: fn.key, computePlanKey: plan.key };
}

/** Registers batches until the server refuses or goes away. */
async function write(caller: SpecClient, scene: Scene, random: Random): Promise<{ acked: string[][]; open: string[][] }> {
  const acked: string[][] = [];
  for (let round = 0; round < 10_000; round += 1) {
    const tasks = Array.from({ length: BATCH }, () => buildNewComputeTask(random, { ...scene, worker: 'MyOrg1MSP' }));
    const keys = tasks.map(({ key }) => key);
    try {
      await caller.call('RegisterTasks', RegisterTasksParam.fromPartial({ tasks }));
      acked.push(keys);
    } catch (error) {
      expect((error as ServiceError).code).toBe(status.UNAVAILABLE);
      return { acked, open: [keys] };
    }
  }
  return { acked, open: [] };
}

/** How many of the keys exist. */
async function countExisting(caller: SpecClient, keys: readonly string[]): Promise<number> {
  const found = await Promise.all(
    keys.map((key) => caller.call('GetTask', { key }).then(() => 1, (error: ServiceError) => (error.code === status.NOT_FOUND ? 0 : Promise.reject(error)))),
  );
  return found.reduce<number>((sum, one) => sum + one, 0);
}

async function endUnderLoad(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; streams: status[]; batches: number }> {
  const server = await start();
  const caller = clientOf(server);
  const scene = await setScene(caller, createRandom(1));
  const streams = Promise.all([caller.streamEnd(), caller.streamEnd()]);
  const writers = Array.from({ length: WRITERS }, (_, index) => write(clientOf(server), scene, createRandom(100 + index)));
  await new Promise((resolve) => setTimeout(resolve, 700));
  server.kill(signal);
  const { code } = await server.ended(20_000);
  const results = await Promise.all(writers);
  const acked = results.flatMap((result) => result.acked);
  const open = results.flatMap((result) => result.open);

  const again = clientOf(await start());
  expect(await countExisting(again, acked.flat())).toBe(acked.length * BATCH);
  for (const keys of open) expect([0, BATCH]).toContain(await countExisting(again, keys));
  return { code, streams: await streams, batches: acked.length };
}

describe('the end of a server under load', () => {
  it('by SIGTERM loses no acknowledged write, ends streams with UNAVAILABLE, and exits with 0', async () => {
    const { code, streams, batches } = await endUnderLoad('SIGTERM');
    expect([code, streams]).toEqual([0, [status.UNAVAILABLE, status.UNAVAILABLE]]);
    expect(batches).toBeGreaterThan(0);
  });

  it('by SIGKILL loses no acknowledged write and leaves no half of a batch', async () => {
    const { batches } = await endUnderLoad('SIGKILL');
    expect(batches).toBeGreaterThan(0);
  });

  it('by SIGINT is the same as by SIGTERM', async () => {
    const server = await start();
    server.kill('SIGINT');
    expect(await server.ended(20_000)).toEqual({ code: 0, signal: null });
  });
});

describe('a start that cannot be', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['an unreachable database', { ORCHESTRATOR_DATABASE_URL: 'postgres://user:secret@127.0.0.1:1/none' }, /"code":1.*PostgreSQL at .*127\.0\.0\.1:1\/none cannot be reached/su],
    ['several bad settings', { ORCHESTRATOR_TX_RETRY_BUDGET: 'soon', ORCHESTRATOR_MODE: 'both' }, /"code":2.*ORCHESTRATOR_MODE.*ORCHESTRATOR_TX_RETRY_BUDGET/su],
    ['a missing channel configuration', { ORCHESTRATOR_CHANNEL_CONFIG: '/nowhere/channels.yaml' }, /"code":2.*ORCHESTRATOR_CHANNEL_CONFIG/su],
  ])('%s', async (_, changed, expected) => {
    const failure = await start(changed).then(() => 'it started', String);
    expect(failure).toMatch(expected);
    expect(failure).not.toMatch(/secret|at .*\.ts:\d/u);
  });

  it('a database without schema', async () => {
    const empty = stack.use(await createTestDatabase());
    const failure = await start({ ORCHESTRATOR_DATABASE_URL: empty.url }).then(() => 'it started', String);
    expect(failure).toMatch(/"code":1.*orchestrator migrate/su);
  });

  it('a port that is taken', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    const address = holder.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const failure = await start({ ORCHESTRATOR_GRPC_ADDRESS: `127.0.0.1:${port}` }).then(() => 'it started', String);
    holder.close();
    expect(failure).toMatch(/"code":1/u);
    expect(failure).toContain(String(port));
  });
});

describe('the probes', () => {
  it('say alive and ready', async () => {
    const server = await start({ METRICS_ENABLED: 'true' });
    const get = async (path: string): Promise<number> => (await fetch(`http://${server.httpAddress}${path}`)).status;
    expect([await get('/healthz'), await get('/readyz'), await get('/metrics')]).toEqual([200, 200, 200]);
  });

  it('show the metrics of what was done', async () => {
    const server = await start({ METRICS_ENABLED: 'true' });
    const caller = clientOf(server);
    const random = createRandom(2);
    const scene = await setScene(caller, random);
    const tasks = Array.from({ length: 7 }, () => buildNewComputeTask(random, { ...scene, worker: 'MyOrg1MSP' }));
    await caller.call('RegisterTasks', { tasks });
    ComputePlan.decode(await caller.call('GetPlan', { key: scene.computePlanKey }));
    const metrics = await (await fetch(`http://${server.httpAddress}/metrics`)).text();
    expect(metrics).toContain('orc_task_registered_total{channel="mychannel"} 7');
    expect(metrics).toMatch(/orc_db_transaction_total\{method="RegisterTasks",outcome="committed"\} 1/u);
    expect(metrics).toMatch(/grpc_server_handled_total\{[^}]*grpc_method="GetPlan"[^}]*\} 1/u);
  });
});
