import * as grpc from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { ProposalRefused } from '../peer/endorser.ts';
import { chaincodeEvents } from './chaincode-events.ts';
import { commitStatus } from './commit-status.ts';
import { deliver, type DeliverKind } from './deliver.ts';
import { endorse } from './endorse.ts';
import { evaluate } from './evaluate.ts';
import { StatusError, toServiceError } from './status-error.ts';
import { type OrderingContext, submit } from './submit.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

const MAX_MESSAGE_BYTES = 100 * 1024 * 1024;

/** What a peer's server serves, and where. */
export interface PeerServerOptions extends OrderingContext {
  readonly tls: {
    readonly cert: string;
    readonly key: string;
    readonly rootCert: string;
    readonly clientRoots: readonly string[];
    readonly mutual: boolean;
  };
  /** `host:port`; port 0 for any. */
  readonly address: string;
  /** Called at the beginning of every call of the gateway. */
  readonly onCall: () => void;
}

/** A peer's server: Gateway, Endorser and Deliver over TLS. */
export class PeerServer implements AsyncDisposable {
  readonly #server: grpc.Server;
  readonly #options: PeerServerOptions;
  readonly #ended = new AbortController();
  #calls = 0;
  port = 0;

  private constructor(options: PeerServerOptions) {
    this.#options = options;
    this.#server = new grpc.Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES, 'grpc.max_send_message_length': -1 });
  }

  static async listen(options: PeerServerOptions): Promise<PeerServer> {
    const server = new PeerServer(options);
    server.#register();
    const { cert, key, clientRoots, mutual } = options.tls;
    const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
    const credentials = grpc.ServerCredentials.createSsl(Buffer.from(clientRoots.join('')), [pair], mutual);
    server.port = await new Promise<number>((resolve, reject) => {
      server.#server.bindAsync(options.address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
    });
    return server;
  }

  /** Cuts all connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#ended.abort();
    this.#server.forceShutdown();
    return Promise.resolve();
  }

  #register(): void {
    const context = this.#options;
    this.#unary('/gateway.Gateway/Evaluate', gateway.EvaluateRequest, (request) => evaluate(context, request));
    this.#unary('/gateway.Gateway/Endorse', gateway.EndorseRequest, (request) => endorse(context, request));
    this.#unary('/gateway.Gateway/Submit', gateway.SubmitRequest, (request) => Promise.resolve(submit(context, request)));
    this.#unary('/gateway.Gateway/CommitStatus', gateway.SignedCommitStatusRequest, (request, signal) =>
      commitStatus(context, request, signal),
    );
    this.#unary('/protos.Endorser/ProcessProposal', peer.SignedProposal, (signed) => this.#processProposal(signed));
    this.#serverStream('/gateway.Gateway/ChaincodeEvents', (bytes, signal) =>
      chaincodeEvents(context, decode(gateway.SignedChaincodeEventsRequest, bytes), signal),
    );
    for (const kind of ['Deliver', 'DeliverFiltered', 'DeliverWithPrivateData'] as const) this.#deliver(kind);
  }

  async #processProposal(signed: peer.SignedProposal): Promise<peer.ProposalResponse> {
    const { local } = this.#options;
    if (local.isExpired(signed)) throw new StatusError(grpc.status.UNKNOWN, 'proposal client identity expired');
    try {
      return (await local.endorse(signed)).response;
    } catch (error) {
      if (error instanceof ProposalRefused) throw new StatusError(grpc.status.UNKNOWN, error.message);
      throw error;
    }
  }

  #unary<T>(path: string, type: Decoder<T>, handle: (request: T, signal: AbortSignal) => Promise<Message>): void {
    const unary: grpc.handleUnaryCall<Buffer, Message> = (call, callback) => {
      const run = async (signal: AbortSignal): Promise<Message> => await handle(decode(type, call.request), signal);
      const answer = this.#limited(path, async () => {
        if (isLate(call.getDeadline())) throw new StatusError(grpc.status.DEADLINE_EXCEEDED, 'context deadline exceeded');
        return await run(signalOf(call, this.#ended.signal));
      });
      void answerUnary(answer, callback);
    };
    this.#server.register(path, unary, serialize, deserialize, 'unary');
  }

  #serverStream(path: string, open: (request: Buffer, signal: AbortSignal) => AsyncGenerator<Message>): void {
    const stream: grpc.handleServerStreamingCall<Buffer, Message> = (call) => {
      const signal = signalOf(call, this.#ended.signal);
      // Fabric notices that a listener has gone only when it has something to send: until then its stream counts.
      const run = async (): Promise<void> => {
        for await (const message of open(call.request, this.#ended.signal)) {
          if (signal.aborted) return;
          await written(call, message, signal);
        }
      };
      this.#limited(path, run).then(
        () => call.end(),
        (error: unknown) => call.emit('error', toServiceError(error)),
      );
    };
    this.#server.register(path, stream, serialize, deserialize, 'serverStream');
  }

  #deliver(kind: DeliverKind): void {
    const stream: grpc.handleBidiStreamingCall<Buffer, Message> = (call) => {
      const signal = signalOf(call, this.#ended.signal);
      const answer = async (): Promise<void> => {
        for await (const bytes of call.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
          let last: Message | undefined;
          for await (const message of deliver(this.#options.local, { kind, envelope: decode(common.Envelope, bytes), signal })) {
            await written(call, message, signal);
            last = message;
          }
          // A refused request ends the stream; after a served one the next may come.
          if (last instanceof peer.DeliverResponse && last.getStatus() !== common.Status.SUCCESS) break;
        }
      };
      answer().then(
        () => call.end(),
        (error: unknown) => call.emit('error', toServiceError(error)),
      );
    };
    this.#server.register(`/protos.Deliver/${kind}`, stream, serialize, deserialize, 'bidi');
  }

  /** Runs a call of the gateway unless too many run already; the other services have limits that nothing reaches. */
  async #limited<R>(path: string, run: () => Promise<R>): Promise<R> {
    if (!path.startsWith('/gateway.Gateway/')) return await run();
    const { local, faults, onCall } = this.#options;
    const limit = local.settings.gatewayLimit;
    if (this.#calls >= limit || faults.happens('too-many-requests', local.mspid)) {
      throw new StatusError(grpc.status.UNKNOWN, `too many requests for /gateway.Gateway, exceeding concurrency limit (${limit})`);
    }
    this.#calls += 1;
    try {
      onCall();
      return await run();
    } finally {
      this.#calls -= 1;
    }
  }
}

interface Message {
  serializeBinary: () => Uint8Array;
}

interface Decoder<T> {
  deserializeBinary: (bytes: Uint8Array) => T;
}

function decode<T>(type: Decoder<T>, bytes: Uint8Array): T {
  try {
    return type.deserializeBinary(bytes);
  } catch {
    throw new StatusError(grpc.status.INTERNAL, `grpc: error unmarshalling request: ${CANNOT_PARSE}`);
  }
}

/** Aborts when the call is cancelled or over time, and when the server ends. */
function signalOf(call: { on: (event: 'cancelled', listener: () => void) => unknown }, ended: AbortSignal): AbortSignal {
  const cancelled = new AbortController();
  call.on('cancelled', () => cancelled.abort());
  return AbortSignal.any([cancelled.signal, ended]);
}

async function written(
  call: { write: (message: Message) => boolean; once: (event: 'drain', listener: () => void) => unknown },
  message: Message,
  signal: AbortSignal,
): Promise<void> {
  if (call.write(message) || signal.aborted) return;
  await new Promise<void>((resolve) => {
    call.once('drain', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function answerUnary(answer: Promise<Message>, callback: grpc.sendUnaryData<Message>): Promise<void> {
  try {
    callback(null, await answer);
  } catch (error) {
    callback(toServiceError(error));
  }
}

function isLate(deadline: grpc.Deadline): boolean {
  return deadline.valueOf() <= Date.now();
}

function serialize(message: Message): Buffer {
  return Buffer.from(message.serializeBinary());
}

function deserialize(bytes: Buffer): Buffer {
  return bytes;
}
