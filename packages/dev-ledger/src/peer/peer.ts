import type { peer } from '@hyperledger/fabric-protos';
import type { InstalledPackage } from '../chaincode/definitions.ts';
import { ChaincodeRuntime } from '../chaincode/runtime.ts';
import type { OrganizationMaterial } from '../crypto/material.ts';
import type { Identities } from '../msp/identities.ts';
import { type Endorsed, Endorser } from './endorser.ts';
import { PeerChannel, type PeerChannelOptions } from './peer-channel.ts';
import { unpackProposal } from './proposal.ts';

/** Limits that a running peer can be given anew. */
export interface PeerLimits {
  /** How long a chaincode may take for a transaction, in milliseconds. */
  executeTimeoutMs: number;
  /** Calls of the gateway at a time, event streams included. */
  gatewayLimit: number;
}

export interface PeerOptions {
  readonly material: OrganizationMaterial;
  readonly identities: Identities;
  readonly settings: PeerLimits;
}

/** The peer of an organization: its channels' states, its chaincodes, its endorsements. */
export class Peer {
  readonly mspid: string;
  readonly identities: Identities;
  readonly settings: PeerLimits;
  readonly #channels = new Map<string, PeerChannel>();
  readonly #packages = new Map<string, InstalledPackage>();
  readonly #runtime: ChaincodeRuntime;
  readonly #endorser: Endorser;
  #running = false;
  /** `host:port`, known once it is served. */
  address = '';

  constructor({ material, identities, settings }: PeerOptions) {
    this.mspid = material.mspid;
    this.identities = identities;
    this.settings = settings;
    const system = { channels: this.#channels, identities, packages: (): InstalledPackage[] => [...this.#packages.values()] };
    this.#runtime = new ChaincodeRuntime({ mspid: this.mspid, system, executeTimeoutMs: () => settings.executeTimeoutMs });
    this.#endorser = new Endorser({
      mspid: this.mspid,
      identities,
      channels: this.#channels,
      runtime: this.#runtime,
      identity: material.peer,
    });
  }

  get running(): boolean {
    return this.#running;
  }

  channel(id: string): PeerChannel | undefined {
    return this.#channels.get(id);
  }

  join(options: PeerChannelOptions): void {
    const channel = new PeerChannel(options, this.mspid);
    this.#channels.set(options.chain.channel, channel);
    if (this.#running) channel.start();
  }

  install(installed: InstalledPackage): void {
    this.#packages.set(installed.label, installed);
    this.#runtime.install(installed);
  }

  start(): void {
    this.#running = true;
    for (const channel of this.#channels.values()) channel.start();
  }

  /** Keeps what was committed; what was in hand is lost. */
  stop(): void {
    this.#running = false;
    for (const channel of this.#channels.values()) channel.stop();
    this.#runtime.close();
  }

  /** @throws ProposalRefused in Fabric's words. */
  endorse(signed: peer.SignedProposal): Promise<Endorsed> {
    return this.#endorser.process(signed);
  }

  /** Whether the proposal's creator has expired: this is asked of proposals that come over the network, not of the peer's own gateway. */
  isExpired(signed: peer.SignedProposal): boolean {
    try {
      const found = this.identities.identify(unpackProposal(signed).signatureHeader.getCreator_asU8());
      return found.kind !== 'unknown' && found.expiresAtMs < Date.now();
    } catch {
      return false;
    }
  }
}
