import type { ServiceError } from '@grpc/grpc-js';
import {
  AssetKind,
  ComputeTask,
  ComputeTaskAction,
  ComputeTaskStatus,
  EventKind,
  FunctionAction,
  QueryEventsResponse,
} from '@orchestrator/lib';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Headers, SpecClient } from '../spec-client.ts';
import { freshRandom, registerOrganization, type SpecLedger, startSpecLedger } from './spec-support-servers.ts';

const TIMEOUT_MS = 180_000;
const CLIENTS = 16;
const LIVES = 3;
const REGISTERED = 'orc_task_registered_total{channel="mychannel"}';
const DONE = 'orc_task_updated_total{channel="mychannel",status="STATUS_DONE"}';

const random = freshRandom();
const org1: Headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

let ledger: SpecLedger;
/** Two servers, as two organizations have them: they share no line. */
let servers: readonly ServerProcess[];
let clients: readonly SpecClient[];

beforeAll(async () => {
  ledger = await startSpecLedger();
  servers = await Promise.all([1, 2].map(() => ledger.startServer({ METRICS_ENABLED: 'true' })));
  clients = servers.map((server) => ledger.clientOf(server));
  await registerOrganization(clientOf(0), org1);
}, TIMEOUT_MS);

afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
});

function clientOf(index: number): SpecClient {
  const client = clients[index % clients.length];
  if (client === undefined) throw new Error('no client');
  return client;
}

async function act(client: SpecClient, computeTaskKey: string, ...actions: readonly ComputeTaskAction[]): Promise<void> {
  for (const action of actions) await client.call('ApplyTaskAction', { computeTaskKey, action }, org1);
}

async function registerFunction(): Promise<string> {
  const fn = buildNewFunction(random, { inputs: new Map(), outputs: new Map() });
  await clientOf(0).call('RegisterFunction', fn, org1);
  for (const action of [FunctionAction.FUNCTION_ACTION_BUILDING, FunctionAction.FUNCTION_ACTION_READY]) {
    await clientOf(0).call('ApplyFunctionAction', { functionKey: fn.key, action }, org1);
  }
  return fn.key;
}

async function registerPlan(): Promise<string> {
  const plan = buildNewComputePlan(random);
  await clientOf(0).call('RegisterPlan', plan, org1);
  return plan.key;
}

/** Registers a task and brings it to DONE. @returns its key. */
async function live(client: SpecClient, functionKey: string, computePlanKey: string): Promise<string> {
  const task = buildNewComputeTask(random, { functionKey, computePlanKey, worker: 'MyOrg1MSP', inputs: [], outputs: new Map() });
  await client.call('RegisterTasks', { tasks: [task] }, org1);
  await act(client, task.key, ComputeTaskAction.TASK_ACTION_EXECUTING, ComputeTaskAction.TASK_ACTION_DONE);
  return task.key;
}

async function statusOf(key: string): Promise<ComputeTaskStatus> {
  return ComputeTask.decode(await clientOf(0).call('GetTask', { key }, org1)).status;
}

/** What happened to a task, in the order of the log. */
async function historyOf(assetKey: string): Promise<readonly EventKind[]> {
  const filter = { assetKey, assetKind: AssetKind.ASSET_COMPUTE_TASK };
  const answer = QueryEventsResponse.decode(await clientOf(0).call('QueryEvents', { filter, pageSize: 100 }, org1));
  return answer.events.map(({ eventKind }) => eventKind);
}

async function counter(name: string): Promise<number> {
  const texts = await Promise.all(servers.map(async ({ httpAddress }) => (await fetch(`http://${httpAddress}/metrics`)).text()));
  const values = texts.map((text) => Number(text.split('\n').find((line) => line.startsWith(`${name} `))?.split(' ')[1] ?? 0));
  return values.reduce((sum, value) => sum + value, 0);
}

const LEDGER_COUNTERS = ['orc_ledger_attempts_total', 'orc_ledger_conflicts_total', 'orc_db_transaction_retries_total'];

function ledgerCounts(): Promise<readonly number[]> {
  return Promise.all(LEDGER_COUNTERS.map(counter));
}

function difference(after: readonly number[], before: readonly number[]): string {
  return LEDGER_COUNTERS.map((name, index) => `${name} ${(after[index] ?? 0) - (before[index] ?? 0)}`).join(', ');
}

describe('16 clients at two servers', { timeout: TIMEOUT_MS }, () => {
  test.each([
    ['on one plan', 1],
    ['on 16 plans', CLIENTS],
  ])('%s lose no call, and every task lives once', async (where, planCount) => {
    const functionKey = await registerFunction();
    const ledgerBefore = await ledgerCounts();
    const counted = { registered: await counter(REGISTERED), done: await counter(DONE) };
    const plans = await Promise.all(Array.from({ length: planCount }, () => registerPlan()));
    const keys = await Promise.all(
      Array.from({ length: CLIENTS }, async (_, index) => {
        const own: string[] = [];
        for (let count = 0; count < LIVES; count += 1) {
          own.push(await live(clientOf(index), functionKey, plans[index % planCount] ?? ''));
        }
        return own;
      }),
    );
    console.log(`${CLIENTS} clients ${where}, ${CLIENTS * LIVES} task lives, on ${ledger.network.kind}: ${difference(await ledgerCounts(), ledgerBefore)}`);
    expect((await counter(REGISTERED)) - counted.registered).toBe(CLIENTS * LIVES);
    expect((await counter(DONE)) - counted.done).toBe(CLIENTS * LIVES);
    for (const key of keys.flat()) {
      expect(await statusOf(key)).toBe(ComputeTaskStatus.STATUS_DONE);
      expect(await historyOf(key)).toEqual([EventKind.EVENT_ASSET_CREATED, EventKind.EVENT_ASSET_UPDATED, EventKind.EVENT_ASSET_UPDATED]);
    }
  });

  test('that rename one plan all succeed, after conflicts that are counted', async () => {
    const key = await registerPlan();
    const before = { attempts: await counter('orc_ledger_attempts_total'), conflicts: await counter('orc_ledger_conflicts_total') };
    await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) => clientOf(index).call('UpdatePlan', { key, name: `name ${index}` }, org1)),
    );
    const conflicts = (await counter('orc_ledger_conflicts_total')) - before.conflicts;
    console.log(`${CLIENTS} clients rename one plan, on ${ledger.network.kind}: ${conflicts} conflicts`);
    expect(conflicts).toBeGreaterThan(0);
    expect((await counter('orc_ledger_attempts_total')) - before.attempts).toBe(CLIENTS + conflicts);
    const answer = await clientOf(0).call('QueryEvents', { filter: { assetKey: key }, pageSize: 100 }, org1);
    expect(QueryEventsResponse.decode(answer).events).toHaveLength(1 + CLIENTS);
  });

  test('that pick up one task: one has it, the others are refused', async () => {
    const functionKey = await registerFunction();
    const task = buildNewComputeTask(random, { functionKey, computePlanKey: await registerPlan(), worker: 'MyOrg1MSP', inputs: [], outputs: new Map() });
    await clientOf(0).call('RegisterTasks', { tasks: [task] }, org1);
    const request = { computeTaskKey: task.key, action: ComputeTaskAction.TASK_ACTION_EXECUTING };
    const ends = await Promise.all(
      Array.from({ length: CLIENTS }, (_, index) =>
        clientOf(index).call('ApplyTaskAction', request, org1).then(() => 'OK', (error: unknown) => (error as ServiceError).details),
      ),
    );
    expect(ends.filter((end) => end === 'OK')).toHaveLength(1);
    const refusal = 'OE0104: event transitionExecuting inappropriate in current state STATUS_EXECUTING';
    expect(ends.filter((end) => end !== 'OK')).toEqual(Array.from({ length: CLIENTS - 1 }, () => refusal));
  });
});
