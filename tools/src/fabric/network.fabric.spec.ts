import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type FabricNetwork, mutualChaincodeTls } from './network.ts';
import { type Caller, callerAt, deployContract, type Program, startFabricNetwork } from './spec-support.ts';

const TEST_TIMEOUT_MS = 180_000;

/** A client of an organization, by its number. */
function callerOf(network: FabricNetwork, number: 1 | 2, names?: Parameters<typeof callerAt>[1]): Caller {
  const organization = network.organizations[number - 1];
  if (organization === undefined) throw new Error(`no organization ${number}`);
  return callerAt(organization, names);
}

/** Writes as one organization and reads as both. */
async function expectUsable(network: FabricNetwork, value: string): Promise<void> {
  using first = callerOf(network, 1);
  using second = callerOf(network, 2);
  await first.put('key', value);
  expect(await first.get('key')).toBe(value);
  await expect.poll(() => second.get('key'), { timeout: 20_000 }).toBe(value);
}

describe('one orderer', { timeout: TEST_TIMEOUT_MS }, () => {
  let network: FabricNetwork;
  let programs: ReadonlyMap<string, Program>;

  beforeAll(async () => {
    network = await startFabricNetwork({ batchTimeoutMs: 20 });
    programs = await deployContract(network);
  }, TEST_TIMEOUT_MS);

  afterAll(async () => {
    await network[Symbol.asyncDispose]();
    if (existsSync(network.folder)) throw new Error(`${network.folder} was left behind`);
  }, TEST_TIMEOUT_MS);

  it('takes transactions that both organizations endorse, on both channels', async () => {
    await expectUsable(network, 'one');
    using other = callerOf(network, 2, { channel: 'yourchannel', chaincode: 'yourcc' });
    await other.put('key', 'other channel');
    expect(await other.get('key')).toBe('other channel');
  });

  it('keeps what is committed when peers and orderer are stopped in order, or killed', async () => {
    for (const how of ['orderly', 'crash'] as const) {
      await expectUsable(network, `before ${how}`);
      await network.stop(how);
      await network.start();
      for (const program of programs.values()) await program.start();
      using caller = callerOf(network, 1);
      expect(await caller.get('key')).toBe(`before ${how}`);
      await expectUsable(network, `after ${how}`);
    }
  });

  it('refuses to endorse while one peer is killed, and recovers when it is started', async () => {
    await network.stopPeer('MyOrg2MSP');
    using caller = callerOf(network, 1);
    await expect(caller.put('key', 'x')).rejects.toThrow(/ABORTED|FAILED_PRECONDITION/);
    await network.startPeer('MyOrg2MSP');
    await expect
      .poll(
        () =>
          caller.put('key', 'x').then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
  });

  it('gives up a chaincode that is slower than a peer may wait', async () => {
    await network.stopPeer('MyOrg1MSP', 'orderly');
    await network.startPeer('MyOrg1MSP', { executeTimeoutMs: 1_000 });
    using caller = callerOf(network, 1);
    const slow = caller.contract.evaluate('slow', { arguments: ['3000', 'all'], endorsingOrganizations: ['MyOrg1MSP'] });
    await expect(slow).rejects.toMatchObject({ details: [{ message: expect.stringMatching(/timeout expired/) }] });
    await network.stopPeer('MyOrg1MSP', 'orderly');
    await network.startPeer('MyOrg1MSP');
  });

  it('says what is wrong with a chaincode that does not start, with the end of its log', async () => {
    const start = network.startChaincode({
      name: 'broken',
      command: [process.execPath, '-e', 'console.error("no such contract"); process.exit(3)'],
      mspid: 'MyOrg1MSP',
      packageId: 'x:0',
      address: '127.0.0.1:1',
    });
    await expect(start).rejects.toThrow(/broken ended[^]*no such contract/);
  });
});

describe('three orderers, mutual TLS everywhere, packages of type external, init required', { timeout: TEST_TIMEOUT_MS }, () => {
  let network: FabricNetwork;

  beforeAll(async () => {
    network = await startFabricNetwork({ orderers: 3, mutualTls: true, batchTimeoutMs: 50 });
    const tls = mutualChaincodeTls(network.organizations);
    await deployContract(network, { tls, packageType: 'external', initRequired: true });
  }, TEST_TIMEOUT_MS);

  afterAll(async () => {
    await network[Symbol.asyncDispose]();
  }, TEST_TIMEOUT_MS);

  it('takes transactions once the chaincode is initialized', async () => {
    using caller = callerOf(network, 1);
    await expect(caller.get('key')).rejects.toThrow(/UNKNOWN|ABORTED/);
    await network.initialize('mychannel', 'mycc');
    await expectUsable(network, 'initialized');
  });

  it('goes on when one orderer is killed, stops when two are, and recovers', async () => {
    await network.orderers[0]?.stop('SIGKILL');
    using caller = callerOf(network, 1);
    await expect
      .poll(
        () =>
          caller.put('key', 'two left').then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
    await network.orderers[1]?.stop('SIGKILL');
    await expect(caller.put('key', 'one left')).rejects.toThrow(/UNAVAILABLE|DEADLINE_EXCEEDED/);
    await network.orderers[0]?.start();
    await network.orderers[1]?.start();
    await expect
      .poll(
        () =>
          caller.put('key', 'all').then(
            () => true,
            () => false,
          ),
        { timeout: 60_000 },
      )
      .toBe(true);
  });
});

it('starts the network of a folder again, with its settings and what is deployed', { timeout: TEST_TIMEOUT_MS }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'orchestrator-fabric-kept-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  {
    await using network = await startFabricNetwork({ folder });
    await deployContract(network);
    using caller = callerOf(network, 1);
    await caller.put('key', 'kept');
  }
  await using network = await startFabricNetwork({ folder });
  expect(network.packageId('mycc_1', 'MyOrg1MSP')).toMatch(/^mycc_1:[0-9a-f]{64}$/);
  expect(network.networkFile).toBe(join(folder, 'network.yaml'));
});
