import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, type MethodDefinition, Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { asIs, unlimited } from './connections.ts';
import type { Outcomes } from './outcomes.ts';
import { type ShownMessage, StreamDecoder } from './tap-decoding.ts';

/** How long after a call its last messages may still pass. */
const DRAIN_MS = 150;
/** Larger messages are only counted. */
const DECODED_BYTES = 3_000_000;

const connectMethod: MethodDefinition<Buffer, Buffer> = {
  path: '/protos.Chaincode/Connect',
  requestStream: true,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};

/** Whose stream: org1 and org2 run the probe contract, raw1 and raw2 the low-level chaincode. */
export interface TapPoint {
  readonly who: string;
  /** Where the peer connects to. */
  readonly front: string;
  /** Where the chaincode listens. */
  readonly back: string;
}

/** Stands between peers and chaincodes: forwards the streams as they are, and keeps a readable copy. */
export class Tap implements Disposable {
  readonly #points: readonly TapPoint[];
  readonly #outcomes: Outcomes;
  readonly #servers: Server[] = [];
  #messages: (ShownMessage & { readonly who: string })[] = [];
  #lastProposal: peer.SignedProposal | undefined;

  constructor(points: readonly TapPoint[], outcomes: Outcomes) {
    this.#points = points;
    this.#outcomes = outcomes;
  }

  /** The proposal of the last invocation that passed. */
  get lastProposal(): peer.SignedProposal | undefined {
    return this.#lastProposal;
  }

  async open(): Promise<void> {
    for (const point of this.#points) {
      const server = new Server(unlimited);
      const connect = (stream: ServerDuplexStream<Buffer, Buffer>): void => this.#forward(point, stream);
      server.addService({ connect: { ...connectMethod, originalName: 'connect' } }, { connect });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.bindAsync(point.front, ServerCredentials.createInsecure(), (error) => (error === null ? resolve() : reject(error)));
      await promise;
      this.#servers.push(server);
    }
  }

  /** Ends all streams, and frees the addresses. */
  close(): void {
    for (const server of this.#servers.splice(0)) server.forceShutdown();
  }

  /** What passed during a call, by whose stream. */
  async wire<T>(run: () => Promise<T>): Promise<{ outcome: T; wire: Record<string, ShownMessage[]> }> {
    this.#messages = [];
    const outcome = await run();
    await delay(DRAIN_MS);
    const wire: Record<string, ShownMessage[]> = {};
    for (const { who, ...message } of this.#messages) (wire[who] ??= []).push(message);
    return { outcome, wire };
  }

  /** How often each chaincode was invoked during a call. */
  async invocations<T>(run: () => Promise<T>): Promise<{ outcome: T; invocations: Record<string, number> }> {
    const { outcome, wire } = await this.wire(run);
    const counts = Object.entries(wire).map(([who, messages]) => [who, messages.filter(isInvocation).length] as const);
    return { outcome, invocations: Object.fromEntries(counts.filter(([, count]) => count > 0)) };
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #forward({ who, back }: TapPoint, stream: ServerDuplexStream<Buffer, Buffer>): void {
    const chaincode = new Client(back, credentials.createInsecure(), unlimited);
    const onward = chaincode.makeBidiStreamRequest(connectMethod.path, asIs, asIs);
    const decoder = new StreamDecoder(this.#outcomes);
    this.#messages.push({ who, from: 'peer', type: '(stream opened)' });
    stream.on('data', (bytes: Buffer) => {
      this.#keep(who, decoder, 'peer', bytes);
      onward.write(bytes);
    });
    onward.on('data', (bytes: Buffer) => {
      this.#keep(who, decoder, 'chaincode', bytes);
      stream.write(bytes);
    });
    stream.on('end', () => onward.end());
    onward.on('end', () => stream.end());
    onward.on('error', () => stream.end());
    for (const event of ['error', 'cancelled', 'close']) stream.on(event, () => onward.cancel());
    onward.on('close', () => chaincode.close());
  }

  #keep(who: string, decoder: StreamDecoder, from: 'peer' | 'chaincode', bytes: Buffer): void {
    if (bytes.length >= DECODED_BYTES) {
      this.#messages.push({ who, from, bytes: bytes.length });
      return;
    }
    const message = peer.ChaincodeMessage.deserializeBinary(bytes);
    this.#lastProposal = message.getProposal() ?? this.#lastProposal;
    this.#messages.push({ who, ...decoder.decode(from, message) });
  }
}

function isInvocation({ from, type }: ShownMessage): boolean {
  return from === 'peer' && (type === 'TRANSACTION' || type === 'INIT');
}
