import type { Network } from '@hyperledger/fabric-gateway';
import { permissionDenied } from '@orchestrator/lib';
import type { PeerIdentityConfig } from '../../config/config.ts';
import type { Log } from '../../log/log.ts';
import type { CertificateExpiry } from '../../trust/expiry.ts';
import { PeerConnection } from './peer-connection.ts';

/** The peers of the organizations that this server speaks for: one in production, several in development. */
export class Peers implements AsyncDisposable {
  readonly #connections: ReadonlyMap<string, PeerConnection>;

  private constructor(connections: ReadonlyMap<string, PeerConnection>) {
    this.#connections = connections;
  }

  /** @throws Error for files that cannot be used. */
  static async open(identities: readonly PeerIdentityConfig[], log: Log): Promise<Peers> {
    await using stack = new AsyncDisposableStack();
    const connections = new Map<string, PeerConnection>();
    for (const config of identities) {
      connections.set(config.mspid, stack.use(await PeerConnection.open({ config, log })));
    }
    stack.move();
    return new Peers(connections);
  }

  /** The organizations that there is an identity for, sorted. */
  mspids(): readonly string[] {
    return [...this.#connections.keys()].toSorted();
  }

  /**
   * A channel as the organization's peer has it; ask anew for each call and each stream.
   *
   * @throws OrchestrationError OE0102 without an identity of the organization.
   */
  network(channel: string, mspid: string): Network {
    return this.require(mspid).network(channel);
  }

  /** @throws OrchestrationError OE0102 without an identity of the organization. */
  require(mspid: string): PeerConnection {
    const connection = this.#connections.get(mspid);
    if (connection === undefined) throw permissionDenied(`this server does not speak for organization "${mspid}"`);
    return connection;
  }

  /** When the certificates of the identities in force end. */
  get expiries(): readonly CertificateExpiry[] {
    return [...this.#connections.values()].flatMap((connection) => connection.expiries);
  }

  /** Whether one of them can be reached. */
  get isConnected(): boolean {
    return [...this.#connections.values()].some(({ state }) => state === 'connected');
  }

  connectionOf(mspid: string): PeerConnection | undefined {
    return this.#connections.get(mspid);
  }

  /** Tells of changes of any connection. */
  onState(listener: () => void): void {
    for (const connection of this.#connections.values()) connection.onState(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#connections.values()].map((connection) => connection[Symbol.asyncDispose]()));
  }
}
