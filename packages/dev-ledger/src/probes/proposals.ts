import { createHash, randomBytes } from 'node:crypto';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { mainChannel } from './connections.ts';
import { type Caller, serialized } from './identities.ts';

/** What may be spoiled in a proposal. */
export interface ProposalOptions {
  readonly channel?: string;
  readonly chaincode?: string;
  /** The chaincode that the header's extension names, where that is another one. */
  readonly extensionChaincode?: string;
  readonly args?: readonly (string | Uint8Array)[];
  readonly nonce?: Uint8Array;
  readonly transactionId?: string;
  readonly type?: number;
  /** Milliseconds since 1970; null for none. */
  readonly timestampMs?: number | null;
  readonly epoch?: number;
  readonly mspId?: string;
  readonly creator?: Uint8Array;
  /** What is signed instead of the proposal; null leaves the signature out. */
  readonly signedBytes?: Uint8Array | null;
  readonly hasChaincodeId?: boolean;
  readonly hasExtension?: boolean;
  readonly isInit?: boolean;
}

/** A proposal made by hand. */
export interface HandMadeProposal {
  readonly signed: peer.SignedProposal;
  readonly bytes: Uint8Array;
  /** As the request will name them, which need not be what the proposal says. */
  readonly transactionId: string;
  readonly channel: string;
}

export function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

/** A proposal in which every field can be spoiled; by default it gets the key x by the probe contract. */
export async function makeProposal(caller: Caller, options: ProposalOptions = {}): Promise<HandMadeProposal> {
  const { channel = mainChannel, nonce = randomBytes(24), signedBytes } = options;
  const creator = options.creator ?? serialized({ ...caller.identity, mspId: options.mspId ?? caller.identity.mspId });
  const transactionId = options.transactionId ?? sha256(Buffer.concat([nonce, creator])).toString('hex');
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setCreator(creator);
  signatureHeader.setNonce(nonce);
  const header = new common.Header();
  header.setChannelHeader(channelHeader(transactionId, { ...options, channel }).serializeBinary());
  header.setSignatureHeader(signatureHeader.serializeBinary());
  const proposal = new peer.Proposal();
  proposal.setHeader(header.serializeBinary());
  proposal.setPayload(payload(options));
  const bytes = proposal.serializeBinary();
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(bytes);
  if (signedBytes !== null) signed.setSignature(await caller.signer(sha256(signedBytes ?? bytes)));
  return { signed, bytes, transactionId, channel };
}

function channelHeader(transactionId: string, options: ProposalOptions & { readonly channel: string }): common.ChannelHeader {
  const { channel, type = common.HeaderType.ENDORSER_TRANSACTION, timestampMs = Date.now(), epoch, hasExtension = true } = options;
  const header = new common.ChannelHeader();
  header.setType(type);
  header.setChannelId(channel);
  header.setTxId(transactionId);
  if (epoch !== undefined) header.setEpoch(epoch);
  if (timestampMs !== null) header.setTimestamp(timestampOf(timestampMs));
  if (hasExtension) {
    const extension = new peer.ChaincodeHeaderExtension();
    extension.setChaincodeId(chaincodeId(options.extensionChaincode ?? options.chaincode));
    header.setExtension$(extension.serializeBinary());
  }
  return header;
}

/** @param instantMs since 1970. */
export function timestampOf(instantMs: number): timestamps.Timestamp {
  const timestamp = new timestamps.Timestamp();
  timestamp.setSeconds(Math.floor(instantMs / 1000));
  timestamp.setNanos((instantMs % 1000) * 1_000_000);
  return timestamp;
}

function chaincodeId(name = 'probe'): peer.ChaincodeID {
  const id = new peer.ChaincodeID();
  id.setName(name);
  return id;
}

function payload({ args = ['get', 'x'], chaincode, hasChaincodeId = true, isInit = false }: ProposalOptions): Uint8Array {
  const input = new peer.ChaincodeInput();
  input.setArgsList(args.map((arg) => Buffer.from(arg)));
  input.setIsInit(isInit);
  const spec = new peer.ChaincodeSpec();
  spec.setType(peer.ChaincodeSpec.Type.NODE);
  if (hasChaincodeId) spec.setChaincodeId(chaincodeId(chaincode));
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const result = new peer.ChaincodeProposalPayload();
  result.setInput(invocation.serializeBinary());
  return result.serializeBinary();
}

/** The request of Evaluate. */
export function evaluateRequest({ signed, transactionId, channel }: HandMadeProposal, organizations: readonly string[] = []): Uint8Array {
  const request = new gateway.EvaluateRequest();
  request.setTransactionId(transactionId);
  request.setChannelId(channel);
  request.setProposedTransaction(signed);
  request.setTargetOrganizationsList([...organizations]);
  return request.serializeBinary();
}

/** The request of Endorse. */
export function endorseRequest({ signed, transactionId, channel }: HandMadeProposal, organizations: readonly string[] = []): Uint8Array {
  const request = new gateway.EndorseRequest();
  request.setTransactionId(transactionId);
  request.setChannelId(channel);
  request.setProposedTransaction(signed);
  request.setEndorsingOrganizationsList([...organizations]);
  return request.serializeBinary();
}

/** The request of Submit. */
export function submitRequest(transactionId: string, envelope: common.Envelope, channel = mainChannel): Uint8Array {
  const request = new gateway.SubmitRequest();
  request.setTransactionId(transactionId);
  request.setChannelId(channel);
  request.setPreparedTransaction(envelope);
  return request.serializeBinary();
}
