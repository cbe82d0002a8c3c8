import { readFile } from 'node:fs/promises';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChaincodeDefinition } from './chaincode/definitions.ts';
import { Chain } from './chain/chain.ts';
import { genesisEnvelope } from './chain/config-block.ts';
import { Orderer } from './chain/orderer.ts';
import { createOrganization, type OrganizationMaterial, TLS_NAME } from './crypto/material.ts';
import { definitionEnvelope, definitionOf, installedPackage } from './deployment.ts';
import { Faults } from './faults.ts';
import { PeerServer } from './gateway/server.ts';
import { Identities } from './msp/identities.ts';
import { networkFileText } from './network-file.ts';
import type { ChaincodePackageSpec, ChaincodeSpec, LedgerIdentity, LedgerNetwork, LedgerOrganization, PeerSettings } from './network.ts';
import { type DevLedgerOptions, type LedgerSettings, settingsOf } from './options.ts';
import type { PeerChannel } from './peer/peer-channel.ts';
import { Peer } from './peer/peer.ts';
import { couchDbRules, levelDbRules } from './state/state-rules.ts';

const ORDERER_MSPID = 'OrdererMSP';
/** No orderer listens: it is reached only through the peers. This is what they call it. */
const ORDERER_ADDRESS = '127.0.0.1:7050';
const DEPLOY_TIMEOUT_MS = 30_000;
const RESTART_PAUSE_MS = 100;

/** A network of one process that behaves as Fabric's peers and orderer do towards clients and chaincodes. */
export interface DevLedger extends LedgerNetwork {
  readonly kind: 'dev-ledger';
  readonly faults: Faults;
  /** The channel as an organization's peer has it, to look into. */
  channel: (mspid: string, channel: string) => PeerChannel | undefined;
}

interface Node {
  readonly peer: Peer;
  readonly material: OrganizationMaterial;
  server: PeerServer | undefined;
  port: number;
}

/** Starts a ledger of its own, with new certificates and empty channels. It lives until it is disposed of. */
export async function startDevLedger(options: DevLedgerOptions = {}): Promise<DevLedger> {
  const settings = settingsOf(options);
  const folder = settings.folder ?? (await mkdtemp(join(tmpdir(), 'dev-ledger-')));
  const create = (mspid: string, domain: string): Promise<OrganizationMaterial> =>
    createOrganization({ mspid, domain, folder: join(folder, domain) });
  const [orderer, ...organizations] = await Promise.all([
    create(ORDERER_MSPID, 'orderer.test'),
    ...settings.organizations.map((mspid, index) => create(mspid, `org${index + 1}.test`)),
  ]);
  const ledger = new RunningLedger({ settings, folder, temporary: settings.folder === undefined, orderer, organizations });
  await ledger.start();
  return ledger;
}

interface RunningLedgerOptions {
  readonly settings: LedgerSettings;
  readonly folder: string;
  readonly temporary: boolean;
  readonly orderer: OrganizationMaterial;
  readonly organizations: readonly OrganizationMaterial[];
}

class RunningLedger implements DevLedger {
  readonly kind = 'dev-ledger';
  readonly faults = new Faults();
  readonly channels: readonly string[];
  readonly ordererAddress = ORDERER_ADDRESS;
  readonly ordererUser: LedgerIdentity;
  readonly networkFile: string;
  readonly #options: RunningLedgerOptions;
  readonly #orderer: Orderer;
  readonly #nodes: readonly Node[];
  readonly #definitions = new Map<string, Map<string, ChaincodeDefinition>>();
  /** Organizations whose peers a fault restarts now. */
  readonly #restarting = new Set<string>();
  #isDisposed = false;
  readonly #packageIds = new Map<string, string>();

  constructor(options: RunningLedgerOptions) {
    this.#options = options;
    const { settings, organizations, orderer, folder } = options;
    this.channels = settings.channels;
    this.ordererUser = orderer.files.admin;
    this.networkFile = join(folder, 'network.yaml');
    const identities = new Identities(new Map([orderer, ...organizations].map(({ mspid, caCert }) => [mspid, caCert])));
    this.#orderer = new Orderer({ identities, faults: this.faults, settings, onBlock: (channel) => this.#wake(channel) });
    const { executeTimeoutMs, gatewayLimit } = settings;
    this.#nodes = organizations.map((material, index) => ({
      material,
      peer: new Peer({ material, identities, settings: { executeTimeoutMs, gatewayLimit } }),
      server: undefined,
      port: settings.ports?.[index] ?? 0,
    }));
    for (const channel of settings.channels) this.#addChannel(channel, identities);
  }

  get organizations(): readonly LedgerOrganization[] {
    return this.#nodes.map(({ material: { mspid, files }, peer }) => ({
      mspid,
      gatewayAddress: peer.address,
      sslTargetName: TLS_NAME,
      ...files,
    }));
  }

  async start(): Promise<void> {
    await Promise.all(this.#nodes.map((node) => this.#serve(node)));
    await writeFile(this.networkFile, networkFileText(this.organizations, this.#options.settings));
  }

  async deploy({
    packages,
    chaincodes,
  }: {
    readonly packages: readonly ChaincodePackageSpec[];
    readonly chaincodes: readonly ChaincodeSpec[];
  }): Promise<void> {
    for (const { peer } of this.#nodes) {
      for (const spec of packages) {
        const installed = installedPackage(spec, peer.mspid);
        if (installed === undefined) continue;
        peer.install(installed);
        this.#packageIds.set(`${spec.label}\n${peer.mspid}`, installed.packageId);
      }
    }
    for (const spec of chaincodes) await this.#define(spec);
    await this.#settled((channel) => channel.height === channel.chain.length);
  }

  packageId(label: string, mspid: string): string {
    const found = this.#packageIds.get(`${label}\n${mspid}`);
    if (found === undefined) throw new Error(`no package ${label} is deployed for ${mspid}`);
    return found;
  }

  channel(mspid: string, channel: string): PeerChannel | undefined {
    return this.#nodes.find(({ peer }) => peer.mspid === mspid)?.peer.channel(channel);
  }

  async stopPeer(mspid: string): Promise<void> {
    const node = this.#node(mspid);
    node.peer.stop();
    await node.server?.[Symbol.asyncDispose]();
    node.server = undefined;
  }

  async startPeer(mspid: string, settings: PeerSettings = {}): Promise<void> {
    const { executeTimeoutMs, gatewayLimit } = this.#options.settings;
    const node = this.#node(mspid);
    Object.assign(node.peer.settings, { executeTimeoutMs, gatewayLimit, ...settings });
    if (node.server === undefined) await this.#serve(node);
  }

  stopOrderer(): Promise<void> {
    this.#orderer.running = false;
    return Promise.resolve();
  }

  startOrderer(): Promise<void> {
    this.#orderer.running = true;
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    this.#orderer.stop();
    await Promise.all(this.#nodes.map(({ peer }) => this.stopPeer(peer.mspid)));
    if (this.#options.temporary) await rm(this.#options.folder, { recursive: true, force: true });
  }

  #addChannel(channel: string, identities: Identities): void {
    const mspids = this.#nodes.map(({ peer }) => peer.mspid);
    const rules = this.#options.settings.stateDatabase === 'couchdb' ? couchDbRules : levelDbRules;
    const chain = new Chain({ channel, identities, faults: this.faults, peers: mspids.length });
    const definitions = new Map<string, ChaincodeDefinition>();
    this.#definitions.set(channel, definitions);
    for (const { peer } of this.#nodes) peer.join({ chain, mspids, definitions, rules, faults: this.faults });
    this.#orderer.addChannel(chain);
    this.#orderer.append(channel, genesisEnvelope(channel, mspids));
  }

  async #define(spec: ChaincodeSpec): Promise<void> {
    const definitions = this.#definitions.get(spec.channel);
    const [first] = this.#nodes;
    if (definitions === undefined || first === undefined) throw new Error(`there is no channel ${spec.channel}`);
    definitions.set(
      spec.name,
      definitionOf(
        spec,
        this.#nodes.map(({ peer }) => peer.mspid),
      ),
    );
    const { certFile, keyFile } = first.material.files.admin;
    const admin = {
      mspid: first.material.mspid,
      identity: { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') },
    };
    const endorsers = this.#nodes.map(({ material: { mspid, peer: identity } }) => ({ mspid, identity }));
    this.#orderer.append(spec.channel, definitionEnvelope({ channel: spec.channel, name: spec.name, admin, endorsers }));
  }

  async #serve(node: Node): Promise<void> {
    const { settings, orderer } = this.#options;
    const { material, peer } = node;
    const tls = {
      ...material.tls,
      rootCert: material.tlsCaCert,
      clientRoots: this.#nodes.map((one) => one.material.tlsCaCert),
      mutual: settings.mutualTls,
    };
    node.server = await PeerServer.listen({
      local: peer,
      peers: this.#nodes.map((one) => one.peer),
      faults: this.faults,
      orderer: this.#orderer,
      ordererAddress: ORDERER_ADDRESS,
      ordererMspid: orderer.mspid,
      tls,
      address: `${settings.host}:${node.port}`,
      onCall: () => this.#maybeRestart(peer.mspid),
    });
    node.port = node.server.port;
    peer.address = `${settings.host}:${node.port}`;
    peer.start();
  }

  #maybeRestart(mspid: string): void {
    // Drawn in any case: the plan of faults must not depend on how long a restart takes.
    if (!this.faults.happens('peer-restart', mspid) || this.#restarting.has(mspid)) return;
    this.#restarting.add(mspid);
    setImmediate(() => void this.#restart(mspid));
  }

  async #restart(mspid: string): Promise<void> {
    try {
      await this.stopPeer(mspid);
      await sleep(RESTART_PAUSE_MS);
      if (!this.#isDisposed) await this.startPeer(mspid);
    } finally {
      this.#restarting.delete(mspid);
    }
  }

  #wake(channel: string): void {
    for (const { peer } of this.#nodes) peer.channel(channel)?.wake();
  }

  async #settled(done: (channel: PeerChannel) => boolean): Promise<void> {
    const deadline = AbortSignal.timeout(DEPLOY_TIMEOUT_MS);
    const running = this.#nodes.filter(({ peer }) => peer.running);
    const open = running.flatMap(({ peer }) => this.channels.map((channel) => peer.channel(channel))).filter((one) => one !== undefined);
    for (const channel of open) {
      while (!done(channel)) {
        deadline.throwIfAborted();
        await channel.nextCommit();
      }
    }
  }

  #node(mspid: string): Node {
    const found = this.#nodes.find(({ peer }) => peer.mspid === mspid);
    if (found === undefined) throw new Error(`there is no organization ${mspid}`);
    return found;
  }
}
