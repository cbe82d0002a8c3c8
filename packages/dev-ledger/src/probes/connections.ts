import { readFileSync } from 'node:fs';
import { type CallOptions, Client, type ClientOptions, credentials, Metadata } from '@grpc/grpc-js';
import { connect, type Contract, type Gateway, hash, type Network } from '@hyperledger/fabric-gateway';
import type { LedgerNetwork, LedgerOrganization } from '../network.ts';
import { type Caller, callerOf } from './identities.ts';

/** The channel that nearly every probe is on. */
export const mainChannel = 'mychannel';

/** A gateway of the client library, as one identity at one peer. */
export interface Connection {
  readonly gateway: Gateway;
  readonly network: Network;
  /** The probe contract on the main channel. */
  readonly contract: Contract;
  /** Any other chaincode; on the main channel unless told otherwise. */
  readonly chaincode: (name: string, channel?: string) => Contract;
}

/** An organization by its number, 1 or 2. */
export type OrganizationNumber = 1 | 2;

/** Messages of any size, as every client of this project takes them. */
export const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 } as const;

/** Bytes as they are. */
export function asIs(bytes: Buffer): Buffer {
  return bytes;
}

/** The clients of a network, one per peer, made when they are asked for. */
export class Connections implements Disposable {
  readonly #network: LedgerNetwork;
  readonly #clients = new Map<OrganizationNumber, Client>();

  constructor(network: LedgerNetwork) {
    this.#network = network;
  }

  organization(number: OrganizationNumber): LedgerOrganization {
    const organization = this.#network.organizations[number - 1];
    if (organization === undefined) throw new Error(`the network has no organization ${number}`);
    return organization;
  }

  /** The user of an organization, or another of its identities. */
  user(number: OrganizationNumber, role: 'user' | 'admin' | 'peer' = 'user'): Caller {
    return callerOf(this.organization(number)[role]);
  }

  /** The client to an organization's peer that most probes share. */
  client(number: OrganizationNumber): Client {
    const known = this.#clients.get(number);
    if (known !== undefined) return known;
    const client = this.newClient(number);
    this.#clients.set(number, client);
    return client;
  }

  /** Another client to the same peer; whoever asks for it closes it. */
  newClient(number: OrganizationNumber, options: ClientOptions = unlimited): Client {
    const { gatewayAddress, tlsCaCertFile, sslTargetName } = this.organization(number);
    const security = credentials.createSsl(readFileSync(tlsCaCertFile));
    return new Client(gatewayAddress, security, { 'grpc.ssl_target_name_override': sslTargetName, ...options });
  }

  /** Closes the shared clients: a peer has been restarted. */
  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  connect(number: OrganizationNumber, caller: Partial<Caller> = this.user(number), client = this.client(number)): Connection {
    const { identity = this.user(number).identity, signer } = caller;
    const gateway = connect({ client, identity, hash: hash.sha256, ...(signer === undefined ? {} : { signer }) });
    const network = gateway.getNetwork(mainChannel);
    return {
      gateway,
      network,
      contract: network.getContract('probe'),
      chaincode: (name, channel = mainChannel) => gateway.getNetwork(channel).getContract(name),
    };
  }

  /** A call by its full method name, without the client library. */
  unary(number: OrganizationNumber, method: string, request: Uint8Array, options: CallOptions = {}): Promise<Buffer> {
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const callback = (error: Error | null, response?: Buffer): void => {
      if (error === null) resolve(response ?? Buffer.alloc(0));
      else reject(error);
    };
    this.client(number).makeUnaryRequest(method, asIs, asIs, Buffer.from(request), new Metadata(), options, callback);
    return promise;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
