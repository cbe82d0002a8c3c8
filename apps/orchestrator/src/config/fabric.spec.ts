import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildConfig } from './build-config.ts';
import { ConfigError } from './config-error.ts';
import type { DistributedConfig } from './config.ts';
import { readEnvironment, type Variables } from './environment.ts';
import { exportKey, issueCertificate, newAuthority } from './spec-support.ts';

let folder = '';
const at = (name: string): string => join(folder, name);

const network = `
name: a connection profile
version: 1.0.0
x-note: ours
organizations:
  MyOrg1: { mspid: MyOrg1MSP, peers: [peer0.org1] }
  MyOrg2: { mspid: MyOrg2MSP, peers: [peer0.org2], certificateAuthorities: [ca] }
peers:
  peer0.org1:
    url: grpcs://127.0.0.1:7051
    tlsCACerts: { path: ca.pem }
    grpcOptions: { ssl-target-name-override: peer0.org1.test, other: 1 }
  peer0.org2:
    url: grpcs://peer0.org2.test:7051
    tlsCACerts:
      pem: PEM
`;

const identities = `
identities:
  MyOrg1MSP: { cert: org1.pem, key: org1.key, tlsCert: org1.pem, tlsKey: org1.key }
  MyOrg2MSP: { cert: org2.pem, key: org2.key, peer: peer0.org2 }
`;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-fabric-'));
  const ca = await newAuthority('CN=ca');
  writeFileSync(at('ca.pem'), ca.certificate.toString('pem'));
  const pem = ca.certificate.toString('pem').replaceAll('\n', '\n        ');
  writeFileSync(at('bare.yaml'), network.replace('PEM', `|\n        ${pem}`));
  writeFileSync(at('network.yaml'), network.replace('PEM', `|\n        ${pem}`) + identities);
  writeFileSync(at('channels.yaml'), 'channels: {mychannel: {organizations: [MyOrg1MSP, MyOrg2MSP], chaincode: mycc}}');
  for (const name of ['org1', 'org2']) {
    const issued = await issueCertificate(`CN=${name}`, { signer: ca });
    writeFileSync(at(`${name}.pem`), issued.certificate.toString('pem'));
    writeFileSync(at(`${name}.key`), await exportKey(issued));
  }
  const expired = await issueCertificate('CN=old', { signer: ca, fromDays: -3, toDays: -1 });
  writeFileSync(at('expired.pem'), expired.certificate.toString('pem'));
  writeFileSync(at('expired.key'), await exportKey(expired));
});

afterAll(() => rmSync(folder, { recursive: true }));

const variables = (own: Variables = {}): Variables => ({
  ORCHESTRATOR_MODE: 'distributed',
  ORCHESTRATOR_CHANNEL_CONFIG: at('channels.yaml'),
  ORCHESTRATOR_NETWORK_CONFIG: at('network.yaml'),
  ...own,
});

function distributed(own?: Variables): DistributedConfig {
  const config = buildConfig(readEnvironment(variables(own)));
  if (config.mode !== 'distributed') throw new Error('not in distributed mode');
  return config;
}

function problemsOf(own?: Variables): readonly string[] {
  try {
    distributed(own);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** The problems with a network file of this text, without the path that each begins with. */
function problemsOfFile(text: string): readonly string[] {
  writeFileSync(at('bad.yaml'), text);
  const start = `ORCHESTRATOR_NETWORK_CONFIG, ${at('bad.yaml')}: `;
  return problemsOf({ ORCHESTRATOR_NETWORK_CONFIG: at('bad.yaml') }).map((problem) => problem.replace(start, ''));
}

describe('the network file', () => {
  test('gives each identity the peer of its organization', () => {
    const { fabric, grpc, warnings } = distributed();
    const peer1 = { name: 'peer0.org1', address: '127.0.0.1:7051', serverName: 'peer0.org1.test', tlsCaCertsPath: at('ca.pem') };
    expect(fabric.identities).toEqual([
      { mspid: 'MyOrg1MSP', certPath: at('org1.pem'), keyPath: at('org1.key'), tls: { certPath: at('org1.pem'), keyPath: at('org1.key') }, peer: peer1 },
      { mspid: 'MyOrg2MSP', certPath: at('org2.pem'), keyPath: at('org2.key'), peer: { name: 'peer0.org2', address: 'peer0.org2.test:7051', tlsCaCertsPem: expect.stringContaining('BEGIN') } },
    ]);
    expect(fabric).toMatchObject({ gatewayTimeoutMs: 20_000, eventIndexFile: resolve('data/event-index.json') });
    expect(grpc.address).toEqual({ host: '0.0.0.0', port: 9000 });
    expect(warnings).toEqual([]);
  });

  test('may hold an identity that the environment picks', () => {
    const { fabric } = distributed({ ORCHESTRATOR_MSPID: 'MyOrg2MSP' });
    expect(fabric.identities.map(({ mspid }) => mspid)).toEqual(['MyOrg2MSP']);
    expect(problemsOf({ ORCHESTRATOR_MSPID: 'MyOrg3MSP' })).toEqual([expect.stringContaining('holds no identity of "MyOrg3MSP"')]);
  });

  test('without identities leaves them to the environment', () => {
    const bare = { ORCHESTRATOR_NETWORK_CONFIG: at('bare.yaml') };
    expect(problemsOf(bare)).toEqual([expect.stringMatching(/^ORCHESTRATOR_FABRIC_CERT is missing: .* holds no identities$/)]);
    const own = { ORCHESTRATOR_MSPID: 'MyOrg1MSP', ORCHESTRATOR_FABRIC_CERT: at('org1.pem'), ORCHESTRATOR_FABRIC_KEY: at('org1.key') };
    expect(distributed({ ...bare, ...own }).fabric.identities).toMatchObject([{ mspid: 'MyOrg1MSP', peer: { name: 'peer0.org1' } }]);
    expect(distributed(own).warnings).toEqual([expect.stringContaining('identities of the network file have no effect')]);
    const tls = { ORCHESTRATOR_FABRIC_TLS_CERT: at('org1.pem'), ORCHESTRATOR_FABRIC_TLS_KEY: at('org1.key') };
    expect(distributed({ ...bare, ...own, ...tls }).fabric.identities[0]?.tls).toEqual({ certPath: at('org1.pem'), keyPath: at('org1.key') });
  });

  test.each([
    ['no YAML', '{', /no valid YAML/],
    ['a list', '[]', /should be a mapping/],
    ['an unknown part', `${network}\npeer: {}`, /^the top level: the key "peer" is unknown/],
    ['no peers', network.replace(/peers:\n[^]*/, ''), /^"peers" should be a mapping/],
    ['a peer that is missing', network.replace('[peer0.org1]', '[peer9]'), /its peer "peer9" is not among the peers/],
    ['an organization without MSP id', network.replace('mspid: MyOrg1MSP, ', ''), /^organizations, "MyOrg1": "mspid" is missing$/],
    ['two organizations of one MSP id', network.replace('MyOrg2MSP', 'MyOrg1MSP'), /"MyOrg1MSP" is another's already/],
    ['a peer without TLS', network.replace('grpcs://127', 'grpc://127'), /should be grpcs:\/\/host:port/],
    ['a peer without port', network.replace('127.0.0.1:7051', '127.0.0.1'), /should be grpcs:\/\/host:port/],
    ['a peer without roots', network.replace('tlsCACerts: { path: ca.pem }', ''), /^peers, "peer0.org1": "tlsCACerts" is missing$/],
    ['a number as a name', network.replace('peer0.org1:', '7:'), /^peers, 7: the name should be text/],
    ['half a TLS identity', `${network}${identities.replace(', tlsKey: org1.key', '')}`, /tlsCert and tlsKey belong together/],
    ['an identity without key', `${network}${identities.replace('key: org2.key,', '')}`, /^identities, "MyOrg2MSP": "key" is missing$/],
  ])('with %s is refused', (_what, text, problem) => {
    expect(problemsOfFile(text)).toContainEqual(expect.stringMatching(problem));
  });

  test('names all problems at once', () => {
    const text = network.replace('grpcs://127', 'http://127').replace('mspid: MyOrg2MSP, ', '') + identities.replace('key: org1.key,', '');
    expect(problemsOfFile(text).length).toBeGreaterThanOrEqual(3);
  });
});

describe('the files of identities', () => {
  const own = (cert: string, key: string): Variables => ({
    ORCHESTRATOR_NETWORK_CONFIG: at('bare.yaml'),
    ORCHESTRATOR_MSPID: 'MyOrg1MSP',
    ORCHESTRATOR_FABRIC_CERT: at(cert),
    ORCHESTRATOR_FABRIC_KEY: at(key),
  });

  test.each([
    ['that do not belong together', 'org1.pem', 'org2.key', /the key does not belong to the certificate/],
    ['that have expired', 'expired.pem', 'expired.key', /the certificate expired at \d{4}-/],
    ['that are none', 'channels.yaml', 'channels.yaml', /no PEM certificate/],
    ['that are missing', 'missing.pem', 'org1.key', /its certificate is ".*missing\.pem": it should be a file/],
  ])('%s are refused', (_what, cert, key, problem) => {
    expect(problemsOf(own(cert, key))).toContainEqual(expect.stringMatching(problem));
  });

  test('are needed all three, and the peer must be of the own organization', () => {
    expect(problemsOf({ ORCHESTRATOR_NETWORK_CONFIG: at('bare.yaml'), ORCHESTRATOR_FABRIC_CERT: at('org1.pem') })).toEqual([
      expect.stringMatching(/^ORCHESTRATOR_MSPID is missing/),
      expect.stringMatching(/^ORCHESTRATOR_FABRIC_KEY is missing/),
    ]);
    expect(problemsOf({ ...own('org1.pem', 'org1.key'), ORCHESTRATOR_MSPID: 'MyOrg3MSP' })).toEqual([
      'the identity of "MyOrg3MSP": the network file holds no organization of this MSP id',
    ]);
    writeFileSync(at('foreign.yaml'), network.replace(/pem: PEM/, 'path: ca.pem') + identities.replace('peer: peer0.org2', 'peer: peer0.org1'));
    expect(problemsOf({ ORCHESTRATOR_NETWORK_CONFIG: at('foreign.yaml') })).toEqual([
      'the identity of "MyOrg2MSP": its peer "peer0.org1" is a peer of another organization',
    ]);
  });

  test('and CA certificates of peers must be certificates', () => {
    writeFileSync(at('roots.yaml'), network.replace('path: ca.pem', 'path: org1.key').replace('PEM', 'nothing') + identities);
    expect(problemsOf({ ORCHESTRATOR_NETWORK_CONFIG: at('roots.yaml') })).toEqual([
      'peer "peer0.org1": its tlsCACerts hold no PEM certificate',
      'peer "peer0.org2": its tlsCACerts hold no PEM certificate',
    ]);
  });
});

test('distributed mode needs its network and its channels, and says which variables do nothing', () => {
  const bare = { ORCHESTRATOR_MODE: 'distributed', ORCHESTRATOR_DATABASE_URL: 'postgres://db/x', ORCHESTRATOR_TX_RETRY_BUDGET: '1s' };
  expect(() => buildConfig(readEnvironment(bare))).toThrow(/2 problems:\n- ORCHESTRATOR_CHANNEL_CONFIG is missing.*\n- ORCHESTRATOR_NETWORK_CONFIG is missing/);
  const { ORCHESTRATOR_MODE: _mode, ...others } = bare;
  expect(distributed(others).warnings).toEqual([
    'ORCHESTRATOR_DATABASE_URL has no effect in distributed mode',
    'ORCHESTRATOR_TX_RETRY_BUDGET has no effect in distributed mode',
  ]);
});
