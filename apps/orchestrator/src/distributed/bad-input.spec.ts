import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ServiceError, status } from '@grpc/grpc-js';
import { EndorseError, GatewayError } from '@hyperledger/fabric-gateway';
import { buildNewComputePlan } from '@orchestrator/testing';
import type { LedgerOrganization } from '@orchestrator/dev-ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportKey, issueCertificate, readAuthority } from '../config/spec-support.ts';
import { createLog } from '../log/log.ts';
import type { Headers, SpecClient } from '../spec-client.ts';
import { classify } from './calls/gateway-error.ts';
import { PeerConnection } from './peers/peer-connection.ts';
import { freshRandom, registerOrganization, type SpecLedger, startSpecLedger } from './spec-support-servers.ts';

const TIMEOUT_MS = 120_000;
const SHORT_LIFE_MS = 20_000;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const random = freshRandom();
const org1: Headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

let ledger: SpecLedger;
let client: SpecClient;

beforeAll(async () => {
  ledger = await startSpecLedger();
  client = ledger.clientOf(await ledger.startServer());
  await registerOrganization(client, org1);
}, TIMEOUT_MS);

afterAll(async () => {
  await ledger[Symbol.asyncDispose]();
});

function organization(mspid: string): LedgerOrganization {
  const found = ledger.network.organizations.find((one) => one.mspid === mspid);
  if (found === undefined) throw new Error(`no organization ${mspid}`);
  return found;
}

const at = (name: string): string => join(ledger.deployment.folder, name);

/** How a call was refused; `OK` when it wasn't. */
async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return 'OK';
  } catch (error) {
    const { code, details } = error as ServiceError;
    return `${status[code]} ${details}`;
  }
}

async function registerPlan(caller: SpecClient, headers: Headers): Promise<string> {
  return refusal(caller.call('RegisterPlan', buildNewComputePlan(random), headers));
}

async function readPlans(caller: SpecClient, headers: Headers): Promise<string> {
  return refusal(caller.call('QueryPlans', {}, headers));
}

/** The events of the channel, by a server that has every right. */
async function countEvents(): Promise<number> {
  return (await client.call('QueryEvents', { pageSize: 1000 }, org1)).length;
}

/** A server with an identity of its own for MyOrg1MSP. */
async function serverOf(identity: { readonly certFile: string; readonly keyFile: string }): Promise<SpecClient> {
  return ledger.clientOf(
    await ledger.startServer({
      ORCHESTRATOR_MSPID: 'MyOrg1MSP',
      ORCHESTRATOR_FABRIC_CERT: identity.certFile,
      ORCHESTRATOR_FABRIC_KEY: identity.keyFile,
    }),
  );
}

describe('a request', { timeout: TIMEOUT_MS }, () => {
  test('for a chaincode that is not there is FAILED_PRECONDITION, read or written', async () => {
    writeFileSync(at('unnamed.yaml'), 'channels: {mychannel: [MyOrg1MSP, MyOrg2MSP]}');
    const bare = ledger.clientOf(await ledger.startServer({ ORCHESTRATOR_CHANNEL_CONFIG: at('unnamed.yaml') }));
    const absent = { ...org1, chaincode: 'nosuch' };
    expect(await registerPlan(bare, absent)).toMatch(/^FAILED_PRECONDITION OE0003: no peer of the organization has this chaincode/);
    expect(await readPlans(bare, absent)).toMatch(/^FAILED_PRECONDITION OE0003: no peer of the organization has this chaincode/);
    expect(await readPlans(bare, org1)).toMatch(/^FAILED_PRECONDITION OE0003: header "chaincode" is missing/);
    expect(await readPlans(bare, { ...org1, chaincode: 'mycc' })).toBe('OK');
  });

  test('with another chaincode than the configured one goes to that one', async () => {
    expect(await readPlans(client, { ...org1, chaincode: 'nosuch' })).toMatch(/^FAILED_PRECONDITION OE0003/);
    expect(await readPlans(client, { ...org1, chaincode: 'mycc' })).toBe('OK');
    expect(await readPlans(client, org1)).toBe('OK');
  });

  test('in a channel that the peer has not joined is FAILED_PRECONDITION, read or written', async () => {
    writeFileSync(at('strange.yaml'), 'channels: {strange: {organizations: [MyOrg1MSP], chaincode: mycc}}');
    const strange = ledger.clientOf(await ledger.startServer({ ORCHESTRATOR_CHANNEL_CONFIG: at('strange.yaml') }));
    const headers = { channel: 'strange', mspid: 'MyOrg1MSP' };
    expect(await registerPlan(strange, headers)).toMatch(/^FAILED_PRECONDITION OE0003/);
    expect(await readPlans(strange, headers)).toMatch(/^FAILED_PRECONDITION OE0003/);
  });

  test('for an organization that the server has no identity of is PERMISSION_DENIED, streams too', async () => {
    const own = ledger.clientOf(await ledger.startServer({ ORCHESTRATOR_MSPID: 'MyOrg1MSP' }));
    const other = { ...org1, mspid: 'MyOrg2MSP' };
    expect(await registerPlan(own, other)).toBe('PERMISSION_DENIED OE0102: this server does not speak for organization "MyOrg2MSP"');
    expect(await readPlans(own, other)).toMatch(/^PERMISSION_DENIED OE0102/);
    expect(await readPlans(own, org1)).toBe('OK');
  });

  test('with U+0000 or a key that is no UUID never reaches the ledger', async () => {
    const before = await countEvents();
    expect(await refusal(client.call('GetPlan', { key: 'a\0b' }, org1))).toMatch(/^INVALID_ARGUMENT OE0101/);
    expect(await refusal(client.call('GetPlan', { key: 'nothing' }, org1))).toMatch(/^NOT_FOUND OE0002/);
    expect(await refusal(client.callBytes('/orchestrator.ComputePlanService/GetPlan', Uint8Array.of(10, 2, 0xc3, 0x28), org1))).toMatch(/^INVALID_ARGUMENT OE0101/);
    expect(await countEvents()).toBe(before);
  });
});

describe('an identity', { timeout: TIMEOUT_MS }, () => {
  test('that expires is PERMISSION_DENIED when it writes, and a server does not start with one that has', async () => {
    const { ca } = organization('MyOrg1MSP');
    const authority = await readAuthority(readFileSync(ca.certFile, 'utf8'), readFileSync(ca.keyFile, 'utf8'));
    // Fabric asks whether the CA's certificate was valid when this one began to be.
    const life = { fromDays: -MINUTE_MS / DAY_MS, toDays: SHORT_LIFE_MS / DAY_MS };
    const issued = await issueCertificate('CN=short, OU=client', { signer: authority, ...life });
    const identity = { certFile: at('short.pem'), keyFile: at('short.key') };
    writeFileSync(identity.certFile, issued.certificate.toString('pem'));
    writeFileSync(identity.keyFile, await exportKey(issued));
    const expiry = Date.now() + SHORT_LIFE_MS;
    const short = await serverOf(identity);
    expect(await registerPlan(short, org1)).toBe('OK');
    await sleep(expiry - Date.now() + 1000);
    expect(await registerPlan(short, org1)).toBe('PERMISSION_DENIED OE0102: the ledger refuses the identity of this server: its certificate has expired');
    await expect(serverOf(identity)).rejects.toThrow(/the certificate expired at/);
  });

  test('of another organization is PERMISSION_DENIED', async () => {
    const forged = await serverOf(organization('MyOrg2MSP').user);
    expect(await registerPlan(forged, org1)).toMatch(/^PERMISSION_DENIED OE0102: the ledger refuses the identity/);
    expect(await readPlans(forged, org1)).toMatch(/^PERMISSION_DENIED OE0102/);
  });

  test('of the orderers has no rights in the channel', async () => {
    const { networkFile, ordererUser } = ledger.network;
    const { certFile, keyFile, mspid } = ordererUser;
    // The paths in it may start at its folder.
    const ownFile = join(dirname(networkFile), 'orderer-network.yaml');
    writeFileSync(ownFile, readFileSync(networkFile, 'utf8').replaceAll('MyOrg1MSP', mspid));
    writeFileSync(at('orderer-channels.yaml'), `channels: {mychannel: {organizations: [${mspid}], chaincode: mycc}}`);
    const server = await ledger.startServer({
      ORCHESTRATOR_NETWORK_CONFIG: ownFile,
      ORCHESTRATOR_CHANNEL_CONFIG: at('orderer-channels.yaml'),
      ORCHESTRATOR_MSPID: mspid,
      ORCHESTRATOR_FABRIC_CERT: certFile,
      ORCHESTRATOR_FABRIC_KEY: keyFile,
    });
    const caller = ledger.clientOf(server);
    expect(await registerPlan(caller, { ...org1, mspid })).toMatch(/^PERMISSION_DENIED OE0102/);
    // Only peers of the own organization are asked to read, and the orderers' has none.
    expect(await readPlans(caller, { ...org1, mspid })).toMatch(/^FAILED_PRECONDITION OE0003: no peer of the organization/);
  });
});

describe('an invocation past the server', { timeout: TIMEOUT_MS }, () => {
  async function connection(): Promise<PeerConnection> {
    const { mspid, user, gatewayAddress, sslTargetName, tlsCaCertFile } = organization('MyOrg1MSP');
    const peer = { name: 'peer', address: gatewayAddress, serverName: sslTargetName, tlsCaCertsPath: tlsCaCertFile };
    const config = { mspid, certPath: user.certFile, keyPath: user.keyFile, peer };
    return PeerConnection.open({ config, log: createLog({ level: 'fatal', color: false, pretty: false }) });
  }

  const argument = JSON.stringify({ msg: '{"key":"0b51a5e0-0000-4000-8000-000000000001"}', request_id: 'r1' });

  test.each([
    ['an unknown function', 'orchestrator.computeplan:Nope', [argument], /OE0010|OE0101|OE0003/],
    ['an unknown contract', 'orchestrator.nope:GetPlan', [argument], /./],
    ['a function of the class', 'orchestrator.computeplan:constructor', [argument], /./],
    ['the metadata of the contracts', 'org.hyperledger.fabric:GetMetadata', [], /./],
    ['no argument', 'orchestrator.computeplan:GetPlan', [], /OE0101/],
    ['two arguments', 'orchestrator.computeplan:GetPlan', [argument, argument], /OE0101/],
    ['an argument that is no JSON', 'orchestrator.computeplan:GetPlan', ['{'], /OE0101/],
    ['unknown members', 'orchestrator.computeplan:GetPlan', ['{"msg":"{}","request_id":"","caller":"MyOrg2MSP"}'], /OE0101/],
    ['an argument that is no UTF-8', 'orchestrator.computeplan:GetPlan', [Uint8Array.of(0xc3, 0x28)], /OE0101/],
    ['U+0000', 'orchestrator.computeplan:GetPlan', [JSON.stringify({ msg: '{"key":"\\u0000"}', request_id: '' })], /OE0101/],
  ])('with %s is refused', async (_what, name, args, code) => {
    await using peer = await connection();
    const contract = peer.network('mychannel').getContract('mycc');
    const proposal = contract.newProposal(name, { arguments: args });
    const read: unknown = await proposal.evaluate({ deadline: Date.now() + 20_000 }).catch((error: unknown) => error);
    expect(read).toBeInstanceOf(GatewayError);
    expect(classify(read)?.error.message).toMatch(code);
    const written: unknown = await contract.newProposal(name, { arguments: args }).endorse({ deadline: Date.now() + 20_000 }).catch((error: unknown) => error);
    expect(written).toBeInstanceOf(EndorseError);
  });
});
