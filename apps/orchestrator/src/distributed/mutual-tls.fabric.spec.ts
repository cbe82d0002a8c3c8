import { ComputePlan, GetAllOrganizationsResponse } from '@orchestrator/lib';
import { buildNewComputePlan } from '@orchestrator/testing';
import { deployOrchestrator, ServerProcess, startFabricNetwork } from '@orchestrator/tools';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SpecClient } from '../spec-client.ts';
import { freshRandom, registerOrganization } from './spec-support-servers.ts';

const START_TIMEOUT_MS = 120_000;
const headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

const stack = new AsyncDisposableStack();
let network: Awaited<ReturnType<typeof startFabricNetwork>>;
let client: SpecClient;

beforeAll(async () => {
  network = stack.use(await startFabricNetwork({ mutualTls: true, orderers: 3 }));
  const deployment = stack.use(await deployOrchestrator(network));
  const server = stack.use(await ServerProcess.start({ ...deployment.environment }));
  client = stack.use(new SpecClient(server.grpcAddress));
}, START_TIMEOUT_MS);

afterAll(() => stack.disposeAsync(), START_TIMEOUT_MS);

async function registerPlan(): Promise<void> {
  const plan = buildNewComputePlan(freshRandom());
  expect(ComputePlan.decode(await client.call('RegisterPlan', plan, headers)).key).toBe(plan.key);
}

test('a facade writes and reads through peers that ask for its certificate', async () => {
  await registerOrganization(client, headers);
  const { organizations } = GetAllOrganizationsResponse.decode(await client.call('GetAllOrganizations', {}, headers));
  expect(organizations.map(({ id }) => id)).toEqual([headers.mspid]);
  await registerPlan();
}, START_TIMEOUT_MS);

test('one orderer of three that is killed is not noticed', async () => {
  await network.stopOrderer();
  await registerPlan();
  await network.startOrderer();
}, START_TIMEOUT_MS);
