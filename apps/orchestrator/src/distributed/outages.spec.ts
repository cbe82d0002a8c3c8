import { setTimeout as sleep } from 'node:timers/promises';
import { buildNewComputePlan } from '@orchestrator/testing';
import type { ServerProcess } from '@orchestrator/tools';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Headers, SpecClient } from '../spec-client.ts';
import { countEvents, type PlanOutcome, tryRegisterPlan } from './spec-support-plans.ts';
import { freshRandom, registerOrganization, type SpecLedger, startSpecLedger } from './spec-support-servers.ts';

const TIMEOUT_MS = 120_000;
const random = freshRandom();
const org1: Headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

let ledger: SpecLedger;
let server: ServerProcess;
let client: SpecClient;

beforeAll(async () => {
  ledger = await startSpecLedger();
  server = await ledger.startServer({ ORCHESTRATOR_MSPID: 'MyOrg1MSP', ORCHESTRATOR_FABRIC_GATEWAY_TIMEOUT: '10s' });
  client = ledger.clientOf(server);
  await registerOrganization(client, org1);
}, TIMEOUT_MS);

afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
});

const registerPlan = (headers = org1, plan = buildNewComputePlan(random)): Promise<PlanOutcome> => tryRegisterPlan(client, headers, plan);

const eventsOf = (assetKey: string): Promise<number> => countEvents(client, org1, assetKey);

async function isReady(): Promise<boolean> {
  return (await fetch(`http://${server.httpAddress}/readyz`)).ok;
}

async function waitUntil(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    if (await condition()) return;
    await sleep(50);
  }
  throw new Error(`not in time: ${what}`);
}

describe('readiness', { timeout: TIMEOUT_MS }, () => {
  test('follows the peer, and calls are UNAVAILABLE meanwhile', async () => {
    await waitUntil('ready', isReady);
    await ledger.network.stopPeer('MyOrg1MSP');
    await waitUntil('not ready', async () => !(await isReady()));
    expect((await registerPlan()).outcome).toMatch(/^UNAVAILABLE the peer cannot be reached/);
    await ledger.network.startPeer('MyOrg1MSP');
    await waitUntil('ready again', isReady);
    await waitUntil('writing', async () => (await registerPlan()).outcome === 'OK');
  });

  test('follows the ordering service, and reading goes on', async () => {
    await ledger.network.stopOrderer();
    const { key, outcome } = await registerPlan();
    expect(outcome).toMatch(/^UNAVAILABLE the ordering service cannot be reached/);
    expect(await isReady()).toBe(false);
    expect(await eventsOf(key)).toBe(0);
    await ledger.network.startOrderer();
    await waitUntil('ready again', isReady);
    await waitUntil('writing', async () => (await registerPlan()).outcome === 'OK');
    expect(await eventsOf(key)).toBe(0);
  });

  test('another organization whose peer is away keeps writing from happening, not reading', async () => {
    await ledger.network.stopPeer('MyOrg2MSP');
    const { key, outcome } = await registerPlan();
    expect(outcome).toMatch(/^UNAVAILABLE/);
    expect(await eventsOf(key)).toBe(0);
    await ledger.network.startPeer('MyOrg2MSP');
    await waitUntil('writing', async () => (await registerPlan()).outcome === 'OK');
  });

  test('a chaincode process that was killed comes back without the server being told', async () => {
    const program = ledger.deployment.chaincodes.get('MyOrg1MSP');
    await program?.stop('SIGKILL');
    expect((await registerPlan()).outcome).toMatch(/^UNAVAILABLE/);
    // Not even reading: the other organization's peer could say anything.
    await expect(eventsOf('any')).rejects.toThrow(/UNAVAILABLE/);
    await program?.start();
    await waitUntil('writing', async () => (await registerPlan()).outcome === 'OK');
  });

  test('a server starts while its peer is away, and is ready when it comes', async () => {
    await ledger.network.stopPeer('MyOrg1MSP');
    server = await ledger.startServer({ ORCHESTRATOR_MSPID: 'MyOrg1MSP' });
    client = ledger.clientOf(server);
    expect(await isReady()).toBe(false);
    await ledger.network.startPeer('MyOrg1MSP');
    await waitUntil('ready', isReady);
    await waitUntil('writing', async () => (await registerPlan()).outcome === 'OK');
  });
});
