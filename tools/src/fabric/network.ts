import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type {
  ChaincodePackageSpec,
  ChaincodeSpec,
  LedgerIdentity,
  LedgerNetwork,
  LedgerOrganization,
  PeerSettings,
} from '@orchestrator/dev-ledger';
import { Administration, type PackageType } from './administration.ts';
import { requireFabricBinaries } from './binaries.ts';
import { chaincodeProgram, type ChaincodeProcessOptions } from './chaincode-process.ts';
import { CouchProcesses } from './couchdb/couch-processes.ts';
import { Deployments } from './deployments.ts';
import {
  channels,
  FabricLayout,
  identityIn,
  ordererDomain,
  ordererMspid,
  type PeerLayout,
  readSettings,
  saveSettings,
  settle,
} from './layout.ts';
import { makeMaterial } from './material.ts';
import { ordererProgram, PeerNode } from './nodes.ts';
import { ProcessGuard } from './process-guard.ts';
import { type Program, waitUntil } from './program.ts';
import { ReadinessProbe } from './readiness.ts';

const READY_TIMEOUT_MS = 60_000;

/** A network of Hyperledger Fabric's own programs, as processes on loopback. */
export interface FabricNetworkOptions {
  /** Kept in the end. One that holds a network already starts that network again, with its own settings. Without: a temporary one. */
  readonly folder?: string;
  /** One, unless told otherwise. With three, one may fail. */
  readonly orderers?: 1 | 3;
  /** How long an orderer waits for more transactions before it cuts a block; 20 unless told otherwise. */
  readonly batchTimeoutMs?: number;
  /** The peers' state database; CouchDB is a stand-in in memory, which the peers fill anew from their blocks after a restart. */
  readonly stateDatabase?: 'goleveldb' | 'CouchDB';
  /** Whether the peers ask their clients for certificates. */
  readonly mutualTls?: boolean;
}

/** What {@link FabricNetwork.deploy} is given beside the packages and definitions of every network. */
export interface FabricDeployment {
  readonly packages: readonly ChaincodePackageSpec[];
  readonly chaincodes: readonly ChaincodeSpec[];
  /** `ccaas` unless told otherwise. */
  readonly packageType?: PackageType;
}

/**
 * Starts a network: both channels are joined and transactions are ordered when it resolves.
 *
 * @throws Error when Fabric's binaries are missing, or with the end of the log of what does not start.
 */
export async function startFabricNetwork(options: FabricNetworkOptions = {}): Promise<FabricNetwork> {
  const binaries = requireFabricBinaries();
  const isTemporary = options.folder === undefined;
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'orchestrator-fabric-'));
  mkdirSync(folder, { recursive: true });
  const guard = new ProcessGuard(isTemporary ? folder : undefined);
  try {
    const former = readSettings(folder);
    const settings = former ?? (await settle(settingsOf(options)));
    const layout = new FabricLayout(folder, settings);
    if (former === undefined) await makeMaterial(layout, binaries);
    const network = new FabricNetwork({ layout, binaries, guard, isTemporary });
    await network.startNew(former === undefined);
    return network;
  } catch (error) {
    guard[Symbol.dispose]();
    if (isTemporary) await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

interface Parts {
  readonly layout: FabricLayout;
  readonly binaries: string;
  readonly guard: ProcessGuard;
  readonly isTemporary: boolean;
}

/** A running network; see {@link startFabricNetwork}. */
export class FabricNetwork implements LedgerNetwork {
  readonly kind = 'fabric';
  readonly organizations: readonly LedgerOrganization[];
  readonly channels = channels;
  readonly orderers: readonly Program[];
  readonly peers: ReadonlyMap<string, PeerNode>;
  readonly #parts: Parts;
  readonly #administration: Administration;
  readonly #deployments: Deployments;
  readonly #couches: CouchProcesses;
  readonly #chaincodes: Program[] = [];

  constructor(parts: Parts) {
    const { layout, binaries } = parts;
    this.#parts = parts;
    this.#administration = new Administration(layout, binaries);
    this.#deployments = new Deployments(layout.folder);
    this.#couches = new CouchProcesses(layout, parts.guard);
    this.orderers = layout.orderers.map((orderer, index) => ordererProgram(parts, orderer, `o${index + 1}`));
    this.peers = new Map(layout.peers.map((peer) => [peer.mspid, new PeerNode(parts, peer)]));
    this.organizations = layout.peers.map((peer) => organizationOf(layout, peer));
  }

  get folder(): string {
    return this.#parts.layout.folder;
  }

  get networkFile(): string {
    return this.#parts.layout.networkFile;
  }

  get ordererAddress(): string {
    return `127.0.0.1:${this.#parts.layout.orderers[0]?.port}`;
  }

  get ordererUser(): LedgerIdentity {
    const name = `Admin@${ordererDomain}`;
    const msp = join(this.#parts.layout.crypto, 'ordererOrganizations', ordererDomain, 'users', name, 'msp');
    return identityIn(ordererMspid, msp, name);
  }

  /** Starts everything for the first time in this process; a new network joins its channels. */
  async startNew(isNew: boolean): Promise<void> {
    try {
      await this.#startNodes();
      if (isNew) {
        for (const channel of channels) {
          await this.#administration.joinOrderers(channel);
          await this.#administration.joinPeers(channel);
        }
        saveSettings(this.#parts.layout);
      }
      await this.#waitUntilUsable();
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts all nodes after {@link stop}; resolves when transactions of every deployed chaincode can be endorsed and ordered. */
  async start(): Promise<void> {
    await this.#startNodes();
    await this.#waitUntilUsable();
  }

  /** Stops all nodes and chaincodes. What is committed stays. */
  async stop(how: 'crash' | 'orderly' = 'orderly'): Promise<void> {
    const signal = how === 'crash' ? 'SIGKILL' : 'SIGTERM';
    await Promise.all(this.#chaincodes.map((chaincode) => chaincode.stop(signal)));
    await Promise.all([...this.peers.values(), ...this.orderers].map((node) => node.stop(signal)));
    await this.#couches.stop();
  }

  async deploy({ packages, chaincodes, packageType = 'ccaas' }: FabricDeployment): Promise<void> {
    for (const spec of packages) {
      const installed = Object.keys(spec.addresses).map(async (mspid) => {
        this.#deployments.addPackage(spec.label, mspid, await this.#administration.install(spec, mspid, packageType));
      });
      await Promise.all(installed);
    }
    for (const spec of chaincodes) {
      const approvers = spec.installedAt ?? this.organizations.map(({ mspid }) => mspid);
      await this.#administration.define(spec, new Map(approvers.map((mspid) => [mspid, this.packageId(spec.package, mspid)])));
      this.#deployments.addDefinition({ channel: spec.channel, name: spec.name, installedAt: approvers });
    }
    await this.#waitUntilUsable();
  }

  packageId(label: string, mspid: string): string {
    return this.#deployments.packageId(label, mspid);
  }

  /** Sends the first call to a chaincode that was deployed with `initRequired`; its processes must be running. */
  async initialize(channel: string, name: string): Promise<void> {
    await this.#administration.initialize(channel, name);
  }

  /** Starts an organization's chaincode process and waits until it listens; it ends with the network at the latest. */
  async startChaincode(options: Omit<ChaincodeProcessOptions, 'guard' | 'folder' | 'logFile'>): Promise<Program> {
    const { folder, guard } = { folder: this.folder, guard: this.#parts.guard };
    const logFile = join(folder, `chaincode-${options.name}-${options.mspid}.log`);
    const program = chaincodeProgram({ ...options, folder, logFile, guard });
    this.#chaincodes.push(program);
    await program.start();
    return program;
  }

  /** Paths of a certificate for an organization's chaincode server, and of the authorities of {@link mutualChaincodeTls}. */
  chaincodeTlsFiles(mspid: string): { readonly certFile: string; readonly keyFile: string; readonly rootCertFile: string } {
    const { certFile, keyFile } = this.#parts.layout.peer(mspid).tls;
    return { certFile, keyFile, rootCertFile: this.#parts.layout.peerTlsAuthorities };
  }

  async stopPeer(mspid: string, how: 'crash' | 'orderly' = 'crash'): Promise<void> {
    await this.#peer(mspid).stop(how === 'crash' ? 'SIGKILL' : 'SIGTERM');
  }

  async startPeer(mspid: string, settings?: PeerSettings): Promise<void> {
    await this.#peer(mspid).start(settings);
  }

  /** Ends the first orderer as a crash does. */
  async stopOrderer(): Promise<void> {
    await this.orderers[0]?.stop('SIGKILL');
  }

  async startOrderer(): Promise<void> {
    await this.orderers[0]?.start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop(this.#parts.isTemporary ? 'crash' : 'orderly');
    this.#parts.guard[Symbol.dispose]();
    if (this.#parts.isTemporary) await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #startNodes(): Promise<void> {
    await this.#couches.start();
    await Promise.all([...this.orderers, ...this.peers.values()].map((node) => node.start()));
  }

  #peer(mspid: string): PeerNode {
    const peer = this.peers.get(mspid);
    if (peer === undefined) throw new Error(`the network has no organization ${mspid}`);
    return peer;
  }

  async #waitUntilUsable(): Promise<void> {
    for (const organization of this.organizations) {
      using probe = new ReadinessProbe(organization);
      for (const channel of channels) {
        await waitUntil(`ordering on ${channel}`, READY_TIMEOUT_MS, () => probe.canOrder(channel));
      }
      for (const { channel, name } of this.#deployments.endorsable(organization.mspid)) {
        await waitUntil(`endorsement of ${name} on ${channel}`, READY_TIMEOUT_MS, () => probe.canEndorse(channel, name));
      }
    }
  }
}

function settingsOf({ orderers = 1, batchTimeoutMs = 20, stateDatabase = 'goleveldb', mutualTls = false }: FabricNetworkOptions) {
  return { orderers, batchTimeoutMs, stateDatabase, mutualTls };
}

function organizationOf(layout: FabricLayout, { mspid, domain, port, tls, mspFolder }: PeerLayout): LedgerOrganization {
  const organization = join(layout.crypto, 'peerOrganizations', domain);
  const identity = (user: string): LedgerIdentity => identityIn(mspid, layout.userMsp({ domain }, user), `${user}@${domain}`);
  const clientTls = join(organization, 'users', `User1@${domain}`, 'tls');
  return {
    mspid,
    gatewayAddress: `127.0.0.1:${port}`,
    sslTargetName: 'localhost',
    tlsCaCertFile: tls.caFile,
    tlsClient: { certFile: join(clientTls, 'client.crt'), keyFile: join(clientTls, 'client.key') },
    ca: { certFile: join(organization, 'ca', `ca.${domain}-cert.pem`), keyFile: join(organization, 'ca', 'priv_sk') },
    user: identity('User1'),
    admin: identity('Admin'),
    peer: identityIn(mspid, mspFolder, `peer0.${domain}`),
  };
}

/** The TLS of a chaincode connection in which both sides show certificates of the organizations' TLS authorities. */
export function mutualChaincodeTls(organizations: readonly LedgerOrganization[]) {
  const [first] = organizations;
  if (first === undefined) throw new Error('a network without organizations');
  const text = (file: string): string => readFileSync(file, 'utf8');
  return {
    rootCert: organizations.map(({ tlsCaCertFile }) => text(tlsCaCertFile)).join(''),
    clientCert: text(first.tlsClient.certFile),
    clientKey: text(first.tlsClient.keyFile),
  };
}
