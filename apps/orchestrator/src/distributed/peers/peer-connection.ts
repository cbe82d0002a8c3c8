import { connectivityState, type Client } from '@grpc/grpc-js';
import type { Gateway, Network } from '@hyperledger/fabric-gateway';
import type { PeerIdentityConfig } from '../../config/config.ts';
import { ContentWatch } from '../../config/content-watch.ts';
import type { Log } from '../../log/log.ts';
import { type CertificateExpiry, identityExpiries } from '../../trust/expiry.ts';
import { watchedFolders } from './credentials.ts';
import { connectGateway, openClient } from './gateway-client.ts';
import { type Credentials, readCredentials } from './credentials.ts';

/** Whether the connection to the peer stands. */
export type PeerState = 'connected' | 'lost';

export interface PeerConnectionOptions {
  readonly config: PeerIdentityConfig;
  readonly log: Log;
  /** How often the identity's files are read at least. */
  readonly intervalMs?: number | undefined;
}

interface Link {
  readonly credentials: Credentials;
  readonly client: Client;
  readonly gateway: Gateway;
}

/**
 * The connection of one identity to its organization's peer: kept open, taken up again alone, and made anew when the
 * identity's files change.
 */
export class PeerConnection implements AsyncDisposable {
  readonly #config: PeerIdentityConfig;
  readonly #log: Log;
  readonly #listeners = new Set<(state: PeerState) => void>();
  readonly #files: ContentWatch<Credentials>;
  #link: Link;
  #state: PeerState = 'lost';
  #isClosed = false;

  private constructor(options: PeerConnectionOptions, credentials: Credentials) {
    this.#config = options.config;
    this.#log = options.log;
    this.#link = this.#connect(credentials, undefined);
    this.#watchState(this.#link.client);
    this.#files = new ContentWatch({
      subject: `Fabric identity of ${this.mspid}`,
      folders: watchedFolders(options.config),
      read: async () => {
        const content = await readCredentials(options.config);
        return { fingerprint: content.fingerprint, content };
      },
      fingerprint: credentials.fingerprint,
      apply: (content) => this.#replace(content),
      log: options.log,
      intervalMs: options.intervalMs,
    });
  }

  /**
   * Begins to connect, and does not wait for it: a server starts while its peer is away.
   *
   * @throws Error for files that cannot be used.
   */
  static async open(options: PeerConnectionOptions): Promise<PeerConnection> {
    return new PeerConnection(options, await readCredentials(options.config));
  }

  get mspid(): string {
    return this.#config.mspid;
  }

  /** The peer's name in the network file. */
  get peerName(): string {
    return this.#config.peer.name;
  }

  get state(): PeerState {
    return this.#state;
  }

  /** Of the identity in force. Identities change: ask anew for each call and each stream. */
  get gateway(): Gateway {
    return this.#link.gateway;
  }

  /** The connection itself, for services of the peer that the gateway's client lacks. */
  get client(): Client {
    return this.#link.client;
  }

  /** When the certificates of the identity in force end. */
  get expiries(): readonly CertificateExpiry[] {
    return identityExpiries(this.mspid, this.#link.credentials);
  }

  /** A channel, seen with the identity in force: ask anew for each call and each stream. */
  network(channel: string): Network {
    return this.#link.gateway.getNetwork(channel);
  }

  /** @returns what removes the listener. */
  onState(listener: (state: PeerState) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await this.#files[Symbol.asyncDispose]();
    this.#link.gateway.close();
    this.#link.client.close();
    this.#report('lost');
  }

  #connect(credentials: Credentials, earlier: Link | undefined): Link {
    const isSameTransport = earlier?.credentials.transportFingerprint === credentials.transportFingerprint;
    const client = isSameTransport ? earlier.client : openClient(this.#config.peer, credentials);
    return { credentials, client, gateway: connectGateway(client, this.mspid, credentials) };
  }

  #replace(credentials: Credentials): void {
    const earlier = this.#link;
    this.#link = this.#connect(credentials, earlier);
    if (this.#link.client === earlier.client) return;
    // Calls and streams under way end on the old connection.
    earlier.client.close();
    this.#report('lost');
    this.#watchState(this.#link.client);
  }

  #watchState(client: Client): void {
    if (this.#isClosed || client !== this.#link.client) return;
    const channel = client.getChannel();
    // An idle connection is one that was lost while nobody called: this takes it up again.
    const state = channel.getConnectivityState(true);
    this.#report(state === connectivityState.READY ? 'connected' : 'lost');
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => this.#watchState(client));
  }

  #report(state: PeerState): void {
    if (state === this.#state) return;
    this.#state = state;
    const [mspid, peer] = [this.mspid, this.peerName];
    if (state === 'connected') this.#log.info({ mspid, peer }, 'the peer is connected');
    else if (!this.#isClosed) this.#log.warn({ mspid, peer }, 'the connection to the peer is lost');
    for (const listener of this.#listeners) listener(state);
  }
}
