import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LedgerIdentity } from '@orchestrator/dev-ledger';
import { findPorts } from './ports.ts';

/** The orderers' organization. */
export const ordererMspid = 'OrdererMSP';
export const ordererDomain = 'orderer.test';

/** The peers' organizations: one peer each. */
export const peerOrganizations = [
  { name: 'MyOrg1', mspid: 'MyOrg1MSP', domain: 'org1.test' },
  { name: 'MyOrg2', mspid: 'MyOrg2MSP', domain: 'org2.test' },
] as const;

/** The channels, each joined by both organizations. */
export const channels: readonly string[] = ['mychannel', 'yourchannel'];

/** A peer, or an orderer: its ports and where its files are. */
export interface NodeLayout {
  readonly port: number;
  /** Of the operations service: /healthz. */
  readonly operationsPort: number;
  /** Of the channel participation service of an orderer; of the chaincode service of a peer. */
  readonly thirdPort: number;
  /** Holds its configuration, its data and its log. */
  readonly folder: string;
  /** Its own identity. */
  readonly mspFolder: string;
  readonly tls: TlsFiles;
}

/** Paths of PEM files. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** The peer of an organization. */
export interface PeerLayout extends NodeLayout {
  readonly mspid: string;
  readonly domain: string;
  /** Of its CouchDB, or of the stand-in, where that is its state database. */
  readonly couchPort: number;
}

/** What was settled when the network was made, and holds for every start on its folder. */
export interface NetworkSettings {
  readonly orderers: 1 | 3;
  readonly batchTimeoutMs: number;
  readonly stateDatabase: 'goleveldb' | 'CouchDB';
  readonly mutualTls: boolean;
  readonly ports: readonly number[];
}

/** Where everything of a network is. */
export class FabricLayout {
  readonly folder: string;
  readonly settings: NetworkSettings;
  readonly orderers: readonly NodeLayout[];
  readonly peers: readonly PeerLayout[];

  constructor(folder: string, settings: NetworkSettings) {
    this.folder = folder;
    this.settings = settings;
    const ports = [...settings.ports];
    const next = (): number => {
      const port = ports.shift();
      if (port === undefined) throw new Error('too few ports were settled for this network');
      return port;
    };
    this.orderers = Array.from({ length: settings.orderers }, (_, index) => ordererLayout(folder, index + 1, next));
    this.peers = peerOrganizations.map((organization) => peerLayout(folder, organization, next));
  }

  get crypto(): string {
    return join(this.folder, 'crypto');
  }

  get builder(): string {
    return join(this.folder, 'builder');
  }

  get networkFile(): string {
    return join(this.folder, 'network.yaml');
  }

  /** The certificate authorities for TLS of all peers, in one file. */
  get peerTlsAuthorities(): string {
    return join(this.folder, 'peer-tls-authorities.pem');
  }

  block(channel: string): string {
    return join(this.folder, 'channels', `${channel}.block`);
  }

  /** @throws Error when there is no such organization. */
  peer(mspid: string): PeerLayout {
    const found = this.peers.find((peer) => peer.mspid === mspid);
    if (found === undefined) throw new Error(`the network has no organization ${mspid}`);
    return found;
  }

  /** The folder of a user's identity: `User1` or `Admin`. */
  userMsp({ domain }: { readonly domain: string }, user: string): string {
    return join(this.crypto, 'peerOrganizations', domain, 'users', `${user}@${domain}`, 'msp');
  }
}

/** The settings of the network that was made in this folder; undefined where there is none. */
export function readSettings(folder: string): NetworkSettings | undefined {
  const file = settingsFile(folder);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as NetworkSettings) : undefined;
}

/** Settles a new network's ports. */
export async function settle(options: Omit<NetworkSettings, 'ports'>): Promise<NetworkSettings> {
  return { ...options, ports: await findPorts(options.orderers * 3 + peerOrganizations.length * 4) };
}

/** Says that the network in this folder is made: from now on it can be started again. */
export function saveSettings({ folder, settings }: FabricLayout): void {
  writeFileSync(settingsFile(folder), JSON.stringify(settings));
}

/** The identity in a folder as cryptogen makes it, whose files are named by user and domain. */
export function identityIn(mspid: string, mspFolder: string, name: string): LedgerIdentity {
  return { mspid, certFile: join(mspFolder, 'signcerts', `${name}-cert.pem`), keyFile: join(mspFolder, 'keystore', 'priv_sk') };
}

function settingsFile(folder: string): string {
  return join(folder, 'settings.json');
}

function ordererLayout(folder: string, number: number, nextPort: () => number): NodeLayout {
  const host = `o${number}.${ordererDomain}`;
  const material = join(folder, 'crypto', 'ordererOrganizations', ordererDomain, 'orderers', host);
  return {
    port: nextPort(),
    operationsPort: nextPort(),
    thirdPort: nextPort(),
    folder: join(folder, 'orderers', `o${number}`),
    mspFolder: join(material, 'msp'),
    tls: tlsFiles(material),
  };
}

function peerLayout(folder: string, { mspid, domain }: (typeof peerOrganizations)[number], nextPort: () => number): PeerLayout {
  const material = join(folder, 'crypto', 'peerOrganizations', domain, 'peers', `peer0.${domain}`);
  return {
    mspid,
    domain,
    port: nextPort(),
    operationsPort: nextPort(),
    thirdPort: nextPort(),
    couchPort: nextPort(),
    folder: join(folder, 'peers', mspid),
    mspFolder: join(material, 'msp'),
    tls: tlsFiles(material),
  };
}

function tlsFiles(material: string): TlsFiles {
  const file = (name: string): string => join(material, 'tls', name);
  return { certFile: file('server.crt'), keyFile: file('server.key'), caFile: file('ca.crt') };
}
