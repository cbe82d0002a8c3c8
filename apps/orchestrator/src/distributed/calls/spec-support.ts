import { generateKeyPairSync } from 'node:crypto';
import {
  Client,
  credentials,
  type handleUnaryCall,
  Metadata,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type UntypedHandleCall,
} from '@grpc/grpc-js';
import { connect, type Gateway, StatusCode } from '@hyperledger/fabric-gateway';
import { common, gateway as messages, google, peer } from '@hyperledger/fabric-protos';
import { createSigning } from '../peers/signing.ts';

/** What a fake peer answers with instead of success. */
export class Fault extends Error {
  readonly code: number;
  readonly details: readonly string[];

  constructor(code: number, message: string, details: readonly string[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** A proposal as it arrived. */
export interface SeenProposal {
  readonly transactionId: string;
  readonly channel: string;
  readonly chaincode: string;
  readonly args: readonly string[];
  readonly instant: bigint;
}

/** What a fake peer does; each may throw a Fault. By default everything succeeds and answers "ok". */
export interface Script {
  evaluate(proposal: SeenProposal): Promise<string> | string;
  endorse(proposal: SeenProposal): Promise<string> | string;
  submit(transactionId: string): Promise<void> | void;
  /** @returns the validation code. */
  status(transactionId: string): Promise<number> | number;
}

/** A gateway that does as a test tells it, over real gRPC. It is no ledger: it keeps and checks nothing. */
export class FakePeer implements AsyncDisposable {
  readonly mspid: string;
  readonly script: Script = {
    evaluate: () => 'ok',
    endorse: () => 'ok',
    submit: () => undefined,
    status: () => StatusCode.VALID,
  };
  readonly #server: Server;
  readonly client: Client;
  readonly gateway: Gateway;

  private constructor(server: Server, port: number, mspid: string) {
    this.#server = server;
    this.mspid = mspid;
    this.client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const identity = { mspId: mspid, credentials: Buffer.from('certificate') };
    this.gateway = connect({ client: this.client, identity, ...createSigning(privateKey) });
  }

  static async start(mspid = 'MyOrg1MSP'): Promise<FakePeer> {
    const server = new Server();
    const holder: { peer?: FakePeer } = {};
    server.addService(service, handlers(() => required(holder.peer).script));
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    holder.peer = new FakePeer(server, port, mspid);
    return holder.peer;
  }

  network(channel: string) {
    return this.gateway.getNetwork(channel);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    this.#server.forceShutdown();
    return Promise.resolve();
  }
}

const method = (name: string) => ({
  path: `/gateway.Gateway/${name}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: (bytes: Buffer) => bytes,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: (bytes: Buffer) => bytes,
  responseDeserialize: (bytes: Buffer) => bytes,
});

const service: ServiceDefinition = {
  evaluate: method('Evaluate'),
  endorse: method('Endorse'),
  submit: method('Submit'),
  commitStatus: method('CommitStatus'),
};

function handlers(script: () => Script): Record<string, UntypedHandleCall> {
  return {
    evaluate: handle(async (bytes) => {
      const request = messages.EvaluateRequest.deserializeBinary(bytes);
      const text = await script().evaluate(readProposal(required(request.getProposedTransaction())));
      const answer = new messages.EvaluateResponse();
      answer.setResult(toResponse(text));
      return answer.serializeBinary();
    }),
    endorse: handle(async (bytes) => {
      const request = messages.EndorseRequest.deserializeBinary(bytes);
      const proposal = readProposal(required(request.getProposedTransaction()));
      const answer = new messages.EndorseResponse();
      answer.setPreparedTransaction(toEnvelope(proposal, await script().endorse(proposal)));
      return answer.serializeBinary();
    }),
    submit: handle(async (bytes) => {
      await script().submit(messages.SubmitRequest.deserializeBinary(bytes).getTransactionId());
      return new messages.SubmitResponse().serializeBinary();
    }),
    commitStatus: handle(async (bytes) => {
      const signed = messages.SignedCommitStatusRequest.deserializeBinary(bytes);
      const request = messages.CommitStatusRequest.deserializeBinary(signed.getRequest_asU8());
      const answer = new messages.CommitStatusResponse();
      answer.setResult(await script().status(request.getTransactionId()) as 0);
      answer.setBlockNumber(7);
      return answer.serializeBinary();
    }),
  };
}

function handle(run: (request: Uint8Array) => Promise<Uint8Array>): handleUnaryCall<Buffer, Buffer> {
  return (call, respond) => {
    run(call.request).then(
      (bytes) => respond(null, Buffer.from(bytes)),
      (error: unknown) => respond(toStatus(error)),
    );
  };
}

function toStatus(error: unknown): { readonly code: number; readonly details: string; readonly metadata: Metadata } {
  const { code, message, details } = error instanceof Fault ? error : new Fault(13, String(error));
  const metadata = new Metadata();
  if (details.length > 0) {
    const status = new google.rpc.Status();
    for (const text of details) {
      const detail = new messages.ErrorDetail();
      detail.setAddress('peer.example:7051');
      detail.setMessage(text);
      const any = status.addDetails();
      any.setTypeUrl('type.googleapis.com/gateway.ErrorDetail');
      any.setValue(detail.serializeBinary());
    }
    metadata.set('grpc-status-details-bin', Buffer.from(status.serializeBinary()));
  }
  return { code, details: message, metadata };
}

function readProposal(signed: peer.SignedProposal): SeenProposal {
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(proposal.getPayload_asU8());
  const spec = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8()).getChaincodeSpec();
  const { seconds, nanos } = required(channelHeader.getTimestamp()).toObject();
  return {
    transactionId: channelHeader.getTxId(),
    channel: channelHeader.getChannelId(),
    chaincode: required(spec?.getChaincodeId()).getName(),
    args: required(spec?.getInput()).getArgsList_asU8().map((bytes) => Buffer.from(bytes).toString()),
    instant: BigInt(seconds) * 1_000_000n + BigInt(nanos / 1000),
  };
}

function toResponse(text: string): peer.Response {
  const response = new peer.Response();
  response.setStatus(200);
  response.setPayload(Buffer.from(text));
  return response;
}

function toEnvelope({ channel, transactionId }: SeenProposal, text: string): common.Envelope {
  const action = new peer.ChaincodeAction();
  action.setResponse(toResponse(text));
  const responsePayload = new peer.ProposalResponsePayload();
  responsePayload.setExtension$(action.serializeBinary());
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload.serializeBinary());
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setAction(endorsed);
  const transaction = new peer.Transaction();
  transaction.addActions().setPayload(actionPayload.serializeBinary());
  const channelHeader = new common.ChannelHeader();
  channelHeader.setChannelId(channel);
  channelHeader.setTxId(transactionId);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}

function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a message lacks a part');
  return value;
}
