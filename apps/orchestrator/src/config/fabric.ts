import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FabricConfig, PeerConfig, PeerIdentityConfig } from './config.ts';
import type { Environment } from './environment.ts';
import { type Findings, fileFault } from './findings.ts';
import { keyPairFaults, parseCertificate } from './key-pair.ts';
import { type NetworkFile, type NetworkIdentity, parseNetworkFile } from './network-file.ts';
import { settings } from './settings.ts';
import type { Values } from './settings.ts';

const EVENT_INDEX_FILE = 'event-index.json';

/** What distributed mode is told, with the files that are named looked at. */
export function fabricOf({ values }: Environment, findings: Findings): FabricConfig {
  return {
    identities: identitiesOf(values, findings),
    gatewayTimeoutMs: values.fabricGatewayTimeoutMs,
    maxEvaluates: values.fabricMaxEvaluates,
    maxSubmits: values.fabricMaxSubmits,
    eventIndexFile: eventIndexFileOf(values),
  };
}

/** Where distributed mode keeps how far its events are published; an absolute path. */
export function eventIndexFileOf({ eventIndexFile, dataDir }: Pick<Values, 'eventIndexFile' | 'dataDir'>): string {
  return resolve(eventIndexFile ?? join(dataDir, EVENT_INDEX_FILE));
}

function identitiesOf(values: Values, findings: Findings): readonly PeerIdentityConfig[] {
  const { problems } = findings;
  const network = readNetwork(values, problems);
  if (network === undefined) return [];
  const served: PeerIdentityConfig[] = [];
  for (const [mspid, identity] of chooseIdentities(values, network, findings)) {
    const peer = peerOf(mspid, identity, network, problems);
    if (peer === undefined) continue;
    const { certPath, keyPath, tlsCertPath, tlsKeyPath } = identity;
    const tls = tlsCertPath === undefined || tlsKeyPath === undefined ? undefined : { certPath: tlsCertPath, keyPath: tlsKeyPath };
    served.push({ mspid, certPath, keyPath, peer, ...(tls === undefined ? {} : { tls }) });
  }
  for (const config of served) problems.push(...identityFaults(config));
  for (const peer of new Set(served.map((config) => config.peer))) problems.push(...rootFaults(peer));
  return served;
}

function readNetwork({ networkConfig: path }: Values, problems: string[]): NetworkFile | undefined {
  const { name } = settings.networkConfig;
  if (path === undefined) {
    problems.push(`${name} is missing: distributed mode needs it`);
    return undefined;
  }
  const fault = fileFault(name, path);
  problems.push(...fault);
  if (fault.length > 0) return undefined;
  const parsed = parseNetworkFile(readFileSync(path, 'utf8'), resolve(path));
  problems.push(...parsed.problems.map((problem) => `${name}, ${path}: ${problem}`));
  return parsed.problems.length > 0 ? undefined : parsed.network;
}

/** One identity of the environment, or those of the network file. */
function chooseIdentities(
  values: Values,
  { identities }: NetworkFile,
  findings: Findings,
): ReadonlyMap<string, NetworkIdentity> {
  const { mspid, fabricCert, fabricKey, networkConfig } = values;
  if (fabricCert !== undefined || fabricKey !== undefined) return identityOfEnvironment(values, identities, findings);
  for (const key of ['fabricTlsCert', 'fabricTlsKey'] as const) {
    if (values[key] !== undefined) findings.warnings.push(`${settings[key].name} has no effect without ${settings.fabricCert.name}`);
  }
  const own = mspid === undefined ? undefined : identities.get(mspid);
  if (mspid === undefined ? identities.size > 0 : own !== undefined) {
    return own === undefined || mspid === undefined ? identities : new Map([[mspid, own]]);
  }
  const what = mspid === undefined ? 'no identities' : `no identity of "${mspid}"`;
  findings.problems.push(
    `${settings.fabricCert.name} is missing: it is needed with ${settings.fabricKey.name} and ${settings.mspid.name}, ` +
      `since the network file ${networkConfig} holds ${what}`,
  );
  return new Map();
}

function identityOfEnvironment(
  { mspid, fabricCert, fabricKey, fabricTlsCert, fabricTlsKey }: Values,
  ofFile: ReadonlyMap<string, NetworkIdentity>,
  { problems, warnings }: Findings,
): ReadonlyMap<string, NetworkIdentity> {
  const needed = { mspid, fabricCert, fabricKey };
  for (const key of ['mspid', 'fabricCert', 'fabricKey'] as const) {
    if (needed[key] === undefined) problems.push(`${settings[key].name} is missing: an identity is certificate, key and MSP id`);
  }
  if ((fabricTlsCert === undefined) !== (fabricTlsKey === undefined))
    problems.push(`${settings.fabricTlsCert.name} and ${settings.fabricTlsKey.name} belong together: one of them is missing`);
  if (ofFile.size > 0) warnings.push(`the identities of the network file have no effect beside ${settings.fabricCert.name}`);
  if (mspid === undefined || fabricCert === undefined || fabricKey === undefined) return new Map();
  const identity = { certPath: fabricCert, keyPath: fabricKey, tlsCertPath: fabricTlsCert, tlsKeyPath: fabricTlsKey };
  return new Map([[mspid, identity]]);
}

function peerOf(
  mspid: string,
  identity: NetworkIdentity,
  { organizations, peers }: NetworkFile,
  problems: string[],
): PeerConfig | undefined {
  const organization = organizations.get(mspid);
  if (organization === undefined) {
    problems.push(`the identity of "${mspid}": the network file holds no organization of this MSP id`);
    return undefined;
  }
  const name = identity.peer ?? organization.peers[0] ?? '';
  const peer = peers.get(name);
  if (organization.peers.includes(name)) return peer;
  const whose = peer === undefined ? 'is not among the peers' : 'is a peer of another organization';
  problems.push(`the identity of "${mspid}": its peer "${name}" ${whose}`);
  return undefined;
}

function identityFaults({ mspid, certPath, keyPath, tls }: PeerIdentityConfig): readonly string[] {
  return [
    ...pairFaults(`the identity of "${mspid}"`, { certPath, keyPath }),
    ...(tls === undefined ? [] : pairFaults(`the TLS client certificate of "${mspid}"`, tls)),
  ];
}

function pairFaults(
  what: string,
  { certPath, keyPath }: { readonly certPath: string; readonly keyPath: string },
): readonly string[] {
  const faults = [...fileFault(`${what}: its certificate`, certPath), ...fileFault(`${what}: its key`, keyPath)];
  if (faults.length > 0) return faults;
  const pair = { certificate: readFileSync(certPath), privateKey: readFileSync(keyPath) };
  return keyPairFaults(pair, new Date()).map((fault) => `${what}: ${fault} (${certPath}, ${keyPath})`);
}

function rootFaults({ name, tlsCaCertsPath, tlsCaCertsPem }: PeerConfig): readonly string[] {
  const what = `peer "${name}": its tlsCACerts`;
  if (tlsCaCertsPath !== undefined) {
    const faults = fileFault(what, tlsCaCertsPath);
    if (faults.length > 0) return faults;
  }
  const pem = tlsCaCertsPath === undefined ? (tlsCaCertsPem ?? '') : readFileSync(tlsCaCertsPath);
  return parseCertificate(pem) === undefined ? [`${what} hold no PEM certificate`] : [];
}
