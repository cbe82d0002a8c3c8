import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DevLedger, type LedgerOrganization, startDevLedger } from '@orchestrator/dev-ledger';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeerIdentityConfig } from '../../config/config.ts';
import { createLog } from '../../log/log.ts';
import { PeerConnection, type PeerState } from './peer-connection.ts';
import { Peers } from './peers.ts';

const log = createLog({ level: 'fatal', color: false, pretty: false });
let ledger: DevLedger;
let folder = '';

beforeAll(async () => {
  ledger = await startDevLedger({ mutualTls: true });
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-peers-'));
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await ledger[Symbol.asyncDispose]();
});

function organization(mspid: string): LedgerOrganization {
  const found = ledger.organizations.find((one) => one.mspid === mspid);
  if (found === undefined) throw new Error(`no organization ${mspid}`);
  return found;
}

function configOf(mspid = 'MyOrg1MSP'): PeerIdentityConfig {
  const { user, tlsClient, gatewayAddress, sslTargetName, tlsCaCertFile } = organization(mspid);
  return {
    mspid,
    certPath: user.certFile,
    keyPath: user.keyFile,
    tls: { certPath: tlsClient.certFile, keyPath: tlsClient.keyFile },
    peer: { name: `peer of ${mspid}`, address: gatewayAddress, serverName: sslTargetName, tlsCaCertsPath: tlsCaCertFile },
  };
}

/** Resolves when the connection comes to a state. */
function until(connection: PeerConnection, wanted: PeerState): Promise<void> {
  return new Promise((resolve, reject) => {
    if (connection.state === wanted) return resolve();
    const timer = setTimeout(() => reject(new Error(`the connection is not ${wanted} in time`)), 20_000);
    const remove = connection.onState((state) => {
      if (state !== wanted) return;
      clearTimeout(timer);
      remove();
      resolve();
    });
  });
}

/** What is told of an identity with this certificate, and the client certificate of MyOrg1MSP. */
function expiriesOf(certFile: string): readonly object[] {
  const files = { fabric_identity: certFile, fabric_tls_client: organization('MyOrg1MSP').tlsClient.certFile };
  return Object.entries(files).map(([use, file]) => {
    const { fingerprint256, validTo } = new X509Certificate(readFileSync(file));
    return { use, mspid: 'MyOrg1MSP', fingerprint: fingerprint256, endsMs: Date.parse(validTo) };
  });
}

/** Asks the peer something that it answers to every member of the channel. */
async function ask(connection: PeerConnection): Promise<number> {
  const contract = connection.network('mychannel').getContract('qscc');
  const proposal = contract.newProposal('GetChainInfo', { arguments: ['mychannel'] });
  return (await proposal.evaluate({ deadline: Date.now() + 10_000 })).length;
}

describe('a connection to a peer', { timeout: 60_000 }, () => {
  test('shows the client certificate that the peer asks for, and signs as its identity', async () => {
    await using connection = await PeerConnection.open({ config: configOf(), log });
    expect(await ask(connection)).toBeGreaterThan(0);
    expect(connection.state).toBe('connected');
  });

  test('without that certificate, or with roots of others, never comes about', async () => {
    const { tls: _tls, ...bare } = configOf();
    const foreign = configOf();
    const tlsCaCertsPath = organization('MyOrg2MSP').tlsCaCertFile;
    for (const config of [bare, { ...foreign, peer: { ...foreign.peer, tlsCaCertsPath } }]) {
      await using connection = await PeerConnection.open({ config, log });
      await expect(ask(connection)).rejects.toMatchObject({ code: 14 });
      expect(connection.state).toBe('lost');
    }
  });

  test('is lost with the peer, and comes back with it', async () => {
    await using connection = await PeerConnection.open({ config: configOf(), log });
    await until(connection, 'connected');
    await ledger.stopPeer('MyOrg1MSP');
    await until(connection, 'lost');
    await ledger.startPeer('MyOrg1MSP');
    await until(connection, 'connected');
    expect(await ask(connection)).toBeGreaterThan(0);
  });

  test('takes up changed files, and keeps the old ones while the new cannot be used', async () => {
    const [own, admin] = [configOf(), organization('MyOrg1MSP').admin];
    const config = { ...own, certPath: join(folder, 'cert.pem'), keyPath: join(folder, 'key.pem') };
    copyFileSync(own.certPath, config.certPath);
    copyFileSync(own.keyPath, config.keyPath);
    await using connection = await PeerConnection.open({ config, log, intervalMs: 50 });
    const identity = (): string => Buffer.from(connection.gateway.getIdentity().credentials).toString();
    const [before, client] = [identity(), connection.client];
    expect(connection.expiries).toEqual(expiriesOf(own.certPath));
    // Half of a change: the key belongs to the old certificate.
    copyFileSync(admin.certFile, config.certPath);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(identity()).toBe(before);
    copyFileSync(admin.keyFile, config.keyPath);
    for (let waited = 0; identity() === before && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(identity()).not.toBe(before);
    expect(connection.expiries).toEqual(expiriesOf(admin.certFile));
    // The identity alone has changed: the connection stays.
    expect(connection.client).toBe(client);
    expect(await ask(connection)).toBeGreaterThan(0);
  });

  test('is made anew with a new client certificate', async () => {
    const [own, other] = [configOf(), organization('MyOrg2MSP').tlsClient];
    const tls = { certPath: join(folder, 'tls.pem'), keyPath: join(folder, 'tls.key') };
    copyFileSync(organization('MyOrg1MSP').tlsClient.certFile, tls.certPath);
    copyFileSync(organization('MyOrg1MSP').tlsClient.keyFile, tls.keyPath);
    await using connection = await PeerConnection.open({ config: { ...own, tls }, log, intervalMs: 50 });
    const { client } = connection;
    copyFileSync(other.certFile, tls.certPath);
    copyFileSync(other.keyFile, tls.keyPath);
    for (let waited = 0; connection.client === client && waited < 10_000; waited += 50) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(connection.client).not.toBe(client);
    expect(await ask(connection)).toBeGreaterThan(0);
  });
});

test('peers are connected as long as one is, and know whom they speak for', { timeout: 60_000 }, async () => {
  await using peers = await Peers.open([configOf('MyOrg2MSP'), configOf('MyOrg1MSP')], log);
  expect(peers.mspids()).toEqual(['MyOrg1MSP', 'MyOrg2MSP']);
  expect(() => peers.network('mychannel', 'MyOrg3MSP')).toThrow('OE0102: this server does not speak for organization "MyOrg3MSP"');
  expect(peers.expiries.map(({ use, mspid }) => `${use} ${mspid}`)).toEqual([
    'fabric_identity MyOrg2MSP',
    'fabric_tls_client MyOrg2MSP',
    'fabric_identity MyOrg1MSP',
    'fabric_tls_client MyOrg1MSP',
  ]);
  await Promise.all(peers.mspids().map((mspid) => until(peers.require(mspid), 'connected')));
  await ledger.stopPeer('MyOrg1MSP');
  await until(peers.require('MyOrg1MSP'), 'lost');
  expect(peers.isConnected).toBe(true);
  await ledger.startPeer('MyOrg1MSP');
});
