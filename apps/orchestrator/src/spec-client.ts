import { type ChannelCredentials, Client, type ClientOptions, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';

const DEADLINE_MS = 60_000;

/** The gRPC library's own options, and how long a call waits for its answer: 60 s unless given. */
export type SpecClientOptions = ClientOptions & { readonly deadlineMs?: number };

/** Whom a call says it is from. */
export interface Headers {
  readonly channel: string;
  readonly mspid: string;
  readonly chaincode?: string;
  readonly idempotencyKey?: string;
}

const usualHeaders: Headers = { channel: 'mychannel', mspid: 'MyOrg1MSP' };

function toMetadata({ channel, mspid, chaincode, idempotencyKey }: Headers): Metadata {
  const metadata = new Metadata();
  metadata.set('channel', channel);
  metadata.set('mspid', mspid);
  if (chaincode !== undefined) metadata.set('chaincode', chaincode);
  if (idempotencyKey !== undefined) metadata.set('idempotency-key', idempotencyKey);
  return metadata;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** An event stream that nobody reads. */
export interface OpenStream {
  readonly accepted: Promise<void>;
  /** The error with which it ends. */
  readonly ended: Promise<ServiceError>;
  cancel(): void;
}

/** For specs: a client of a running server that sees bytes. */
export class SpecClient implements Disposable {
  readonly #client: Client;
  readonly #deadlineMs: number;

  /** @param address host and port; without credentials there is no TLS. */
  constructor(
    address: string,
    ssl: ChannelCredentials = credentials.createInsecure(),
    { deadlineMs = DEADLINE_MS, ...options }: SpecClientOptions = {},
  ) {
    this.#deadlineMs = deadlineMs;
    this.#client = new Client(address, ssl, options);
  }

  /** Calls a procedure by name. @throws ServiceError */
  call(method: string, request: object, headers = usualHeaders): Promise<Buffer> {
    const procedure = procedures.find((row) => row.method === method);
    if (procedure === undefined) throw new Error(`no procedure ${method}`);
    const bytes = procedure.request.encode(procedure.request.fromPartial(request)).finish();
    return this.callBytes(`/orchestrator.${procedure.service}/${method}`, bytes, headers);
  }

  /** Calls a path with a request in its wire form. @throws ServiceError */
  callBytes(path: string, request: Uint8Array, headers = usualHeaders): Promise<Buffer> {
    const options = { deadline: Date.now() + this.#deadlineMs };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(path, toBuffer, toBuffer, request, toMetadata(headers), options, (error, answer) => {
        if (error !== null) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      });
    });
  }

  /** Follows the events until the stream ends. @returns the status of its end. */
  streamEnd(): Promise<status> {
    const path = '/orchestrator.EventService/SubscribeToEvents';
    const events = this.#client.makeServerStreamRequest(path, toBuffer, toBuffer, new Uint8Array(), toMetadata(usualHeaders));
    events.on('data', () => undefined);
    return new Promise((resolve) => {
      events.on('error', (error: ServiceError) => resolve(error.code));
      events.on('end', () => resolve(status.OK));
    });
  }

  /** The first message of a stream as base64, after which the stream is given up. @throws ServiceError */
  firstOfStream(path: string, request: Uint8Array, headers = usualHeaders): Promise<string> {
    const options = { deadline: Date.now() + this.#deadlineMs };
    const stream = this.#client.makeServerStreamRequest(path, toBuffer, toBuffer, request, toMetadata(headers), options);
    return new Promise((resolve, reject) => {
      stream.once('data', (bytes: Buffer) => {
        resolve(bytes.toString('base64'));
        stream.cancel();
      });
      stream.on('error', reject);
    });
  }

  /** Opens an event stream that is held until it is given up. */
  open(headers = usualHeaders): OpenStream {
    const path = '/orchestrator.EventService/SubscribeToEvents';
    const stream = this.#client.makeServerStreamRequest(path, toBuffer, toBuffer, new Uint8Array(), toMetadata(headers));
    const accepted = new Promise<void>((resolve) => stream.once('metadata', () => resolve()));
    const ended = new Promise<ServiceError>((resolve) => stream.once('error', (error) => resolve(error as ServiceError)));
    return { accepted, ended, cancel: () => stream.cancel() };
  }

  /** Adds all events of a channel to a list until disposed. */
  collectEvents(events: Buffer[], headers = usualHeaders): Disposable {
    const path = '/orchestrator.EventService/SubscribeToEvents';
    const stream = this.#client.makeServerStreamRequest(path, toBuffer, toBuffer, new Uint8Array(), toMetadata(headers));
    stream.on('data', (bytes: Buffer) => events.push(bytes));
    stream.on('error', () => undefined);
    return { [Symbol.dispose]: () => stream.cancel() };
  }

  [Symbol.dispose](): void {
    this.#client.close();
  }
}
