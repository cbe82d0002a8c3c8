import { status } from '@grpc/grpc-js';
import type { FaultKind } from '@orchestrator/dev-ledger';
import { buildNewComputePlan, buildNewComputeTask, buildNewFunction } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Headers, SpecClient } from '../spec-client.ts';
import { countEvents, type PlanOutcome, tryRegisterPlan } from './spec-support-plans.ts';
import { freshRandom, registerOrganization, type DevSpecLedger, startDevSpecLedger } from './spec-support-servers.ts';

const TIMEOUT_MS = 120_000;
const random = freshRandom();
const org1: Headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

let ledger: DevSpecLedger;
let server: ServerProcess;
let client: SpecClient;

beforeAll(async () => {
  ledger = await startDevSpecLedger();
  server = await ledger.startServer({ ORCHESTRATOR_MSPID: 'MyOrg1MSP', METRICS_ENABLED: 'true', ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT: '5s' });
  client = ledger.clientOf(server);
  await registerOrganization(client, org1);
}, TIMEOUT_MS);

afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
});

beforeEach(() => ledger.faults.clear());

const registerPlan = (headers = org1, plan = buildNewComputePlan(random)): Promise<PlanOutcome> => tryRegisterPlan(client, headers, plan);

const eventsOf = (assetKey: string): Promise<number> => countEvents(client, org1, assetKey);

async function counter(name: string): Promise<number> {
  const text = await (await fetch(`http://${server.httpAddress}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(name));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('a registration meets a fault and happens once all the same', { timeout: TIMEOUT_MS }, () => {
  test.each<readonly [FaultKind, number]>([
    ['mvcc-conflict', 3],
    ['endorser-differs', 2],
    ['endorser-down', 1],
    ['no-endorsers', 1],
    ['answer-lost', 1],
    ['status-lost', 3],
    ['slow-ordering', 1],
    ['orderer-down', 2],
    ['too-many-requests', 2],
    ['peer-restart', 1],
  ])('%s, %d times', async (kind, count) => {
    const before = ledger.faults.injected(kind);
    ledger.faults.next(kind, { count });
    const { key, outcome } = await registerPlan();
    expect(outcome).toBe('OK');
    expect(ledger.faults.injected(kind) - before).toBe(count);
    ledger.faults.clear();
    expect(await eventsOf(key)).toBe(1);
  });

  test('and all of them at random, under load, with every answer true', async () => {
    ledger.faults.follow({
      seed: 5,
      rates: { 'mvcc-conflict': 0.1, 'endorser-differs': 0.05, 'answer-lost': 0.05, 'status-lost': 0.05, 'too-many-requests': 0.02, 'no-endorsers': 0.02 },
    });
    const plans = await Promise.all(Array.from({ length: 8 }, async () => {
      const own: Awaited<ReturnType<typeof registerPlan>>[] = [];
      for (let count = 0; count < 15; count += 1) own.push(await registerPlan());
      return own;
    }));
    ledger.faults.clear();
    for (const { key, outcome } of plans.flat()) {
      // Too many faults in a row may end in UNAVAILABLE, and only where the fate is not known may something be written.
      const events = await eventsOf(key);
      if (outcome === 'OK') expect(events).toBe(1);
      else expect([outcome.startsWith('UNAVAILABLE'), events <= (outcome.includes('may have been') ? 1 : 0)]).toEqual([true, true]);
    }
    expect(plans.flat().filter(({ outcome }) => outcome === 'OK').length).toBeGreaterThan(100);
    expect(await counter('orc_ledger_resolved_total{fate="committed"}')).toBeGreaterThan(0);
  });

  test('a fate that cannot be learnt is UNAVAILABLE, and the key of the request makes the retry safe', async () => {
    ledger.faults.next('status-lost', { count: 1000 });
    const headers = { ...org1, idempotencyKey: `key-${Date.now()}` };
    const plan = buildNewComputePlan(random);
    const { key, outcome } = await registerPlan(headers, plan);
    expect(outcome).toMatch(/^UNAVAILABLE the ledger did not say in time whether the request was carried out: it may have been$/);
    ledger.faults.clear();
    expect(await registerPlan(headers, plan)).toEqual({ key, outcome: 'OK' });
    expect(await eventsOf(key)).toBe(1);
  });
});

test('the metrics tell when the certificate ends that the server signs with', async () => {
  const endsAtSeconds = await counter('orc_certificate_expiry_timestamp_seconds{use="fabric_identity",mspid="MyOrg1MSP"');
  expect(endsAtSeconds).toBeGreaterThan(Date.now() / 1000);
});

test('a transaction above the limit of the orderers is RESOURCE_EXHAUSTED, and writes nothing', { timeout: TIMEOUT_MS }, async () => {
  await using small = await startDevSpecLedger({ absoluteMaxBytes: 100_000 });
  const caller = small.clientOf(await small.startServer());
  const [fn, plan] = [buildNewFunction(random), buildNewComputePlan(random)];
  await registerOrganization(caller, org1);
  await caller.call('RegisterFunction', fn, org1);
  await caller.call('RegisterPlan', plan, org1);
  const scene = { functionKey: fn.key, computePlanKey: plan.key, worker: 'MyOrg1MSP' };
  const tasks = Array.from({ length: 200 }, () => buildNewComputeTask(random, scene));
  await expect(caller.call('RegisterTasks', { tasks }, org1)).rejects.toMatchObject({
    code: status.RESOURCE_EXHAUSTED,
    details: expect.stringMatching(/^transaction message larger than max \(\d+ vs\. 100000\)$/),
  });
  await expect(caller.call('GetTask', { key: tasks[0]?.key ?? '' }, org1)).rejects.toMatchObject({ code: status.NOT_FOUND });
});
