import { createHash, createPrivateKey, randomBytes, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, credentials } from '@grpc/grpc-js';
import { hash, type Signer, signers } from '@hyperledger/fabric-gateway';
import { common, discovery, gateway as messages, msp, peer } from '@hyperledger/fabric-protos';
import type { LedgerOrganization } from '@orchestrator/dev-ledger';

const CALL_TIMEOUT_MS = 5_000;

/** Asks a peer, as its organization's user, whether transactions would go through. */
export class ReadinessProbe implements Disposable {
  readonly #organization: LedgerOrganization;
  readonly #client: Client;
  readonly #signer: Signer;

  constructor(organization: LedgerOrganization) {
    const { tlsCaCertFile, tlsClient, gatewayAddress, sslTargetName, user } = organization;
    this.#organization = organization;
    const [root, key, certificate] = [tlsCaCertFile, tlsClient.keyFile, tlsClient.certFile].map((file) => readFileSync(file));
    this.#client = new Client(gatewayAddress, credentials.createSsl(root ?? null, key, certificate), {
      'grpc.ssl_target_name_override': sslTargetName,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 500,
    });
    this.#signer = signers.newPrivateKeySigner(createPrivateKey(readFileSync(user.keyFile)));
  }

  /**
   * Whether the peer knows enough peers to endorse a chaincode's transactions. After a start it takes seconds until the
   * peers have told each other what they have installed.
   *
   * @throws Error with the peer's reason when it does not.
   */
  async canEndorse(channel: string, chaincode: string): Promise<true> {
    const response = discovery.Response.deserializeBinary(await this.#discover(endorsersQuery(channel, chaincode)));
    const [result] = response.getResultsList();
    const problem = result?.getError()?.getContent();
    if (problem !== undefined) throw new Error(`${this.#organization.mspid} cannot endorse ${chaincode}: ${problem}`);
    return true;
  }

  /**
   * Whether a transaction is ordered and comes back in a block: an empty one, which every peer marks invalid.
   *
   * @throws ServiceError of gRPC when it is not.
   */
  async canOrder(channel: string): Promise<true> {
    const { transactionId, envelope } = emptyTransaction(channel, this.#creator());
    envelope.setSignature(await this.#sign(envelope.getPayload_asU8()));
    const submit = new messages.SubmitRequest();
    submit.setTransactionId(transactionId);
    submit.setChannelId(channel);
    submit.setPreparedTransaction(envelope);
    await this.#call('/gateway.Gateway/Submit', submit.serializeBinary());
    const status = new messages.CommitStatusRequest();
    status.setTransactionId(transactionId);
    status.setChannelId(channel);
    status.setIdentity(this.#creator());
    const signed = new messages.SignedCommitStatusRequest();
    signed.setRequest(status.serializeBinary());
    signed.setSignature(await this.#sign(signed.getRequest_asU8()));
    await this.#call('/gateway.Gateway/CommitStatus', signed.serializeBinary());
    return true;
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }

  #creator(): Uint8Array {
    const creator = new msp.SerializedIdentity();
    creator.setMspid(this.#organization.mspid);
    creator.setIdBytes(readFileSync(this.#organization.user.certFile));
    return creator.serializeBinary();
  }

  async #discover(query: discovery.Query): Promise<Buffer> {
    const authentication = new discovery.AuthInfo();
    authentication.setClientIdentity(this.#creator());
    // The service binds a request to the client's certificate of the connection, also where none is required.
    const certificate = new X509Certificate(readFileSync(this.#organization.tlsClient.certFile));
    authentication.setClientTlsCertHash(createHash('sha256').update(certificate.raw).digest());
    const request = new discovery.Request();
    request.setAuthentication(authentication);
    request.addQueries(query);
    const signed = new discovery.SignedRequest();
    signed.setPayload(request.serializeBinary());
    signed.setSignature(await this.#sign(signed.getPayload_asU8()));
    return this.#call('/discovery.Discovery/Discover', signed.serializeBinary());
  }

  #sign(bytes: Uint8Array): Promise<Uint8Array> {
    return this.#signer(hash.sha256(bytes));
  }

  #call(method: string, request: Uint8Array): Promise<Buffer> {
    const asIs = (bytes: Buffer): Buffer => bytes;
    const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
    const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
    this.#client.makeUnaryRequest(method, asIs, asIs, Buffer.from(request), options, (error, value) => {
      if (value === undefined) reject(error ?? new Error('no answer'));
      else resolve(value);
    });
    return promise;
  }
}

function endorsersQuery(channel: string, chaincode: string): discovery.Query {
  const call = new peer.ChaincodeCall();
  call.setName(chaincode);
  const interest = new peer.ChaincodeInterest();
  interest.addChaincodes(call);
  const chaincodeQuery = new discovery.ChaincodeQuery();
  chaincodeQuery.addInterests(interest);
  const query = new discovery.Query();
  query.setChannel(channel);
  query.setCcQuery(chaincodeQuery);
  return query;
}

function emptyTransaction(channel: string, creator: Uint8Array): { readonly transactionId: string; readonly envelope: common.Envelope } {
  const nonce = randomBytes(24);
  const transactionId = createHash('sha256').update(nonce).update(creator).digest('hex');
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(transactionId);
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return { transactionId, envelope };
}
