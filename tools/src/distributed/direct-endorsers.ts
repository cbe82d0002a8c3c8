import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { connect, type Gateway, hash, type Signer, signers } from '@hyperledger/fabric-gateway';
import { gateway, peer } from '@hyperledger/fabric-protos';
import type { LedgerNetwork, LedgerOrganization } from '@orchestrator/dev-ledger';

const PATH = '/protos.Endorser/ProcessProposal';
const CALL_TIMEOUT_MS = 30_000;

/** An invocation of a chaincode. */
export interface DirectInvocation {
  readonly mspid: string;
  readonly channel: string;
  readonly chaincode: string;
  /** The function's name. */
  readonly name: string;
  readonly args: readonly string[];
}

/** What a peer says to a proposal. */
export interface DirectEndorsement {
  readonly status: number;
  /** Of a refusal. */
  readonly message: string;
  /** The bytes that it signs: reads, writes, the event and the answer; empty for a refusal. */
  readonly payload: Buffer;
}

/** Asks the peers of all organizations themselves, with the same proposal. Nothing of it is ordered. */
export class DirectEndorsers implements Disposable {
  readonly #stack = new DisposableStack();
  readonly #peers: readonly Client[];
  readonly #callers: ReadonlyMap<string, { readonly gateway: Gateway; readonly sign: Signer }>;

  constructor({ organizations }: LedgerNetwork) {
    this.#peers = organizations.map((organization) => this.#stack.adopt(openPeer(organization), (client) => client.close()));
    const [client] = this.#peers;
    if (client === undefined) throw new Error('the network has no organization');
    this.#callers = new Map(organizations.map(({ mspid, user }) => {
      const sign = signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile)));
      const identity = { mspId: mspid, credentials: readFileSync(user.certFile) };
      const opened = this.#stack.adopt(connect({ client, identity, hash: hash.sha256 }), (each) => each.close());
      return [mspid, { gateway: opened, sign }];
    }));
  }

  /** @returns what the peers say, in the order of the organizations. */
  async endorse(invocation: DirectInvocation): Promise<readonly DirectEndorsement[]> {
    const proposal = await this.#signed(invocation);
    return Promise.all(this.#peers.map((client) => askPeer(client, proposal)));
  }

  [Symbol.dispose](): void {
    this.#stack.dispose();
  }

  async #signed({ mspid, channel, chaincode, name, args }: DirectInvocation): Promise<peer.SignedProposal> {
    const caller = this.#callers.get(mspid);
    if (caller === undefined) throw new Error(`there is no user of ${mspid}`);
    const proposal = caller.gateway.getNetwork(channel).getContract(chaincode).newProposal(name, { arguments: [...args] });
    const signed = caller.gateway.newSignedProposal(proposal.getBytes(), await caller.sign(proposal.getDigest()));
    const message = gateway.ProposedTransaction.deserializeBinary(signed.getBytes()).getProposal();
    if (message === undefined) throw new Error('the proposal is empty');
    return message;
  }
}

function askPeer(client: Client, proposal: peer.SignedProposal): Promise<DirectEndorsement> {
  const serialize = (message: peer.SignedProposal): Buffer => Buffer.from(message.serializeBinary());
  const deserialize = (bytes: Buffer): peer.ProposalResponse => peer.ProposalResponse.deserializeBinary(bytes);
  const { promise, resolve, reject } = Promise.withResolvers<DirectEndorsement>();
  const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
  client.makeUnaryRequest(PATH, serialize, deserialize, proposal, options, (error, answer) => {
    if (error !== null || answer === undefined) reject(error ?? new Error('the peer did not answer'));
    else resolve(endorsementOf(answer));
  });
  return promise;
}

function endorsementOf(answer: peer.ProposalResponse): DirectEndorsement {
  const response = answer.getResponse();
  return {
    status: response?.getStatus() ?? 0,
    message: response?.getMessage() ?? '',
    payload: Buffer.from(answer.getPayload_asU8()),
  };
}

function openPeer({ gatewayAddress, sslTargetName, tlsCaCertFile, tlsClient }: LedgerOrganization): Client {
  const tls = credentials.createSsl(readFileSync(tlsCaCertFile), readFileSync(tlsClient.keyFile), readFileSync(tlsClient.certFile));
  return new Client(gatewayAddress, tls, {
    'grpc.ssl_target_name_override': sslTargetName,
    'grpc.default_authority': sslTargetName,
    'grpc.max_receive_message_length': -1,
  });
}
