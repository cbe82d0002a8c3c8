import * as grpc from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import type { InstalledPackage } from './definitions.ts';
import type { Invocation, InvokeChaincode } from './invocation.ts';
import { OpenQueries } from './query-results.ts';
import { type ChaincodeTransaction, requestHandlers } from './requests.ts';

const Type = peer.ChaincodeMessage.Type;
const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;
const DIAL_TIMEOUT_MS = 10_000;

export interface LinkOptions {
  readonly installed: InstalledPackage;
  /** How long a chaincode may take for a transaction, in milliseconds. */
  readonly executeTimeoutMs: () => number;
  readonly invoke: InvokeChaincode;
}

/** A transaction for a chaincode under one of its names. */
export interface Execution {
  readonly invocation: Invocation;
  readonly namespace: string;
  readonly input: peer.ChaincodeInput;
}

type Stream = grpc.ClientDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;

interface Pending {
  readonly transaction: ChaincodeTransaction | undefined;
  readonly settle: (answer: peer.ChaincodeMessage | Error) => void;
}

/** A peer's stream to one chaincode server: opened when it is needed, and again when it broke. */
export class ChaincodeLink {
  readonly #options: LinkOptions;
  readonly #handlers: ReturnType<typeof requestHandlers>;
  /** One transaction per channel and id, as in Fabric: a chaincode cannot call itself on its channel. */
  readonly #pending = new Map<string, Pending>();
  #stream: Promise<Stream> | undefined;
  #client: grpc.Client | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#handlers = requestHandlers(options.invoke);
  }

  /**
   * Runs a transaction; resolves to the chaincode's COMPLETED or ERROR.
   * @throws Error in Fabric's words: the chaincode cannot be reached, its stream ended, it took too long.
   */
  async execute(execution: Execution): Promise<peer.ChaincodeMessage> {
    const stream = await this.#connected();
    const { invocation } = execution;
    const id = keyOf(invocation.channel, invocation.transactionId);
    if (this.#pending.has(id)) throw new Error(`error sending: txid: ${invocation.transactionId}(${invocation.channel}) exists`);
    let timer: NodeJS.Timeout | undefined;
    try {
      return await new Promise<peer.ChaincodeMessage>((resolve, reject) => {
        const settle: Pending['settle'] = (answer) => (answer instanceof Error ? reject(answer) : resolve(answer));
        this.#pending.set(id, { transaction: transactionOf(execution), settle });
        timer = setTimeout(
          () => reject(new Error('error sending: timeout expired while executing transaction')),
          this.#options.executeTimeoutMs(),
        );
        stream.write(firstMessage(execution));
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Ends the stream; the next transaction opens another. */
  close(): void {
    this.#client?.close();
    this.#terminated();
  }

  #connected(): Promise<Stream> {
    this.#stream ??= this.#connect();
    return this.#stream;
  }

  async #connect(): Promise<Stream> {
    const { packageId, address } = this.#options.installed;
    const client = new grpc.Client(address, credentialsOf(this.#options.installed), {
      'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
      'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
      // A shared subchannel would keep its back-off from an earlier failure.
      'grpc.use_local_subchannel_pool': 1,
    });
    this.#client = client;
    try {
      return await this.#handshake(client);
    } catch (error) {
      this.#stream = undefined;
      client.close();
      throw new Error(
        `could not launch chaincode ${packageId}: connection to ${packageId} failed: ${dialError(error, packageId, address)}`,
        { cause: error },
      );
    }
  }

  #handshake(client: grpc.Client): Promise<Stream> {
    return new Promise((resolve, reject) => {
      const stream: Stream = client.makeBidiStreamRequest('/protos.Chaincode/Connect', serialize, deserialize);
      const timer = setTimeout(() => stream.cancel(), DIAL_TIMEOUT_MS);
      const end = (error?: Error): void => {
        clearTimeout(timer);
        reject(error ?? new Error('the stream ended'));
        if (this.#client === client) this.#terminated();
      };
      stream.on('error', end);
      stream.on('end', () => end());
      stream.once('data', (message: peer.ChaincodeMessage) => {
        clearTimeout(timer);
        if (!this.#isRegistration(message)) {
          stream.cancel();
          return;
        }
        stream.on('data', (next: peer.ChaincodeMessage) => this.#receive(stream, next));
        stream.write(messageOf(Type.REGISTERED));
        stream.write(messageOf(Type.READY));
        resolve(stream);
      });
    });
  }

  #isRegistration(message: peer.ChaincodeMessage): boolean {
    if (message.getType() !== Type.REGISTER) return false;
    return peer.ChaincodeID.deserializeBinary(message.getPayload_asU8()).getName() === this.#options.installed.packageId;
  }

  #receive(stream: Stream, message: peer.ChaincodeMessage): void {
    const type: number = message.getType();
    const pending = this.#pending.get(keyOf(message.getChannelId(), message.getTxid()));
    if (type === Type.COMPLETED || type === Type.ERROR) {
      pending?.settle(message);
      return;
    }
    const handler = this.#handlers.get(type);
    if (handler === undefined) {
      if (type !== Type.KEEPALIVE) stream.cancel();
      return;
    }
    const fail = (error: unknown): void => {
      const text = `${handler.name} failed: transaction ID: ${message.getTxid()}: ${error instanceof Error ? error.message : String(error)}`;
      stream.write(answerTo(message, Type.ERROR, Buffer.from(text)));
    };
    try {
      if (pending?.transaction === undefined) throw new Error('no ledger context');
      const reply = handler.handle(pending.transaction, message.getPayload_asU8());
      if (reply instanceof Uint8Array) stream.write(answerTo(message, Type.RESPONSE, reply));
      else reply.then((payload) => stream.write(answerTo(message, Type.RESPONSE, payload)), fail);
    } catch (error) {
      fail(error);
    }
  }

  #terminated(): void {
    this.#stream = undefined;
    this.#client?.close();
    this.#client = undefined;
    for (const { settle } of this.#pending.values()) settle(new Error('error sending: chaincode stream terminated'));
  }
}

function keyOf(channel: string, transactionId: string): string {
  return `${channel}\n${transactionId}`;
}

function transactionOf({ invocation, namespace, input }: Execution): ChaincodeTransaction | undefined {
  const { simulator } = invocation;
  return simulator && { invocation, namespace, simulator, isInit: input.getIsInit(), queries: new OpenQueries() };
}

function firstMessage({ invocation, input }: Execution): peer.ChaincodeMessage {
  const message = messageOf(input.getIsInit() ? Type.INIT : Type.TRANSACTION);
  message.setPayload(input.serializeBinary());
  message.setTxid(invocation.transactionId);
  message.setChannelId(invocation.channel);
  message.setProposal(invocation.signedProposal);
  return message;
}

type MessageType = ReturnType<peer.ChaincodeMessage['getType']>;

function answerTo(request: peer.ChaincodeMessage, type: MessageType, payload: Uint8Array): peer.ChaincodeMessage {
  const message = messageOf(type);
  message.setPayload(payload);
  message.setTxid(request.getTxid());
  message.setChannelId(request.getChannelId());
  return message;
}

function messageOf(type: MessageType): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  return message;
}

function credentialsOf({ tls }: InstalledPackage): grpc.ChannelCredentials {
  if (tls === undefined) return grpc.credentials.createInsecure();
  const { rootCert, clientCert, clientKey } = tls;
  if (clientCert === undefined || clientKey === undefined) return grpc.credentials.createSsl(Buffer.from(rootCert));
  return grpc.credentials.createSsl(Buffer.from(rootCert), Buffer.from(clientKey), Buffer.from(clientCert));
}

function dialError(error: unknown, packageId: string, address: string): string {
  const text = error instanceof Error ? error.message : String(error);
  if (!text.includes('ECONNREFUSED')) return text;
  const refused = `transport: error while dialing: dial tcp ${address}: connect: connection refused`;
  return `error cannot create connection for ${packageId}: error creating grpc connection to ${address}: failed to create new connection: connection error: desc = "${refused}"`;
}

function serialize(message: peer.ChaincodeMessage): Buffer {
  return Buffer.from(message.serializeBinary());
}

function deserialize(bytes: Buffer): peer.ChaincodeMessage {
  return peer.ChaincodeMessage.deserializeBinary(bytes);
}
