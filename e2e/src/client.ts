import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
} from '@grpc/grpc-js';
import { Event, procedures, SubscribeToEventsParam } from '@orchestrator/lib';
import { EventStream } from './event-stream.ts';
import type { Method, RequestOf, ResponseOf } from './methods.ts';
import { channelCredentials, channelOptions, type Options } from './options.ts';

/** Metadata of a call; a list sends the header as often as it has items, undefined leaves it out. */
export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

const CALL_DEADLINE_MS = 120_000;

/** The server under test. Bytes in, bytes out: what they mean is the callers' affair. */
export class Connection {
  readonly #client: Client;

  /** @param further settings of the gRPC channel. */
  constructor(options: Options, further: ChannelOptions = {}) {
    const settings = { ...channelOptions(options), ...further };
    this.#client = new Client(options.serverAddr, channelCredentials(options), settings);
  }

  /**
   * @param path e.g. `/orchestrator.InfoService/QueryVersion`.
   * @throws ServiceError for every status but OK, also when the deadline passes.
   */
  unary(path: string, request: Uint8Array, headers: Headers): Promise<Buffer> {
    const options = { deadline: Date.now() + CALL_DEADLINE_MS };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        toBuffer,
        identity,
        request,
        metadataOf(headers),
        options,
        (error, answer) => {
          if (error !== null) reject(error);
          else resolve(answer ?? Buffer.alloc(0));
        },
      );
    });
  }

  serverStream(path: string, request: Uint8Array, headers: Headers): ClientReadableStream<Buffer> {
    return this.#client.makeServerStreamRequest(path, toBuffer, identity, request, metadataOf(headers));
  }

  bidiStream(path: string): ClientDuplexStream<Uint8Array, Buffer> {
    return this.#client.makeBidiStreamRequest(path, toBuffer, identity);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#client.close();
    return Promise.resolve();
  }
}

/** One organization on one channel. */
export class Caller {
  readonly connection: Connection;
  readonly mspid: string;
  readonly channel: string;
  readonly #headers: Headers;

  constructor(connection: Connection, headers: { readonly mspid: string; readonly channel: string } & Headers) {
    this.connection = connection;
    this.mspid = headers.mspid;
    this.channel = headers.channel;
    this.#headers = headers;
  }

  /** The same caller with other or further headers. */
  with(headers: Headers): Caller {
    return new Caller(this.connection, {
      ...this.#headers,
      mspid: this.mspid,
      channel: this.channel,
      ...headers,
    } as never);
  }

  /** Calls a procedure with one answer. @throws ServiceError for every status but OK. */
  async call<M extends Method>(method: M, request: RequestOf<M>): Promise<ResponseOf<M>> {
    const { response } = procedureOf(method);
    const answer = await this.send(method, encodeRequest(method, request));
    return response.decode(answer) as ResponseOf<M>;
  }

  /** Sends bytes that need not be a valid request. @returns the bytes of the answer. */
  send(method: string, request: Uint8Array): Promise<Buffer> {
    return this.connection.unary(pathOf(method), request, this.#headers);
  }

  /** Opens the event stream behind an event; from the first one when there is none. */
  subscribe(startEventId = ''): EventStream {
    const request = SubscribeToEventsParam.encode({ startEventId }).finish();
    return new EventStream(this.connection.serverStream(pathOf('SubscribeToEvents'), request, this.#headers), Event);
  }
}

/** The wire form of a request. */
export function encodeRequest<M extends Method>(method: M, request: RequestOf<M>): Uint8Array {
  const { request: codec } = procedureOf(method);
  return codec.encode(codec.fromPartial(request)).finish();
}

/** The gRPC path of a procedure by its name, which is unique over all services. */
export function pathOf(method: string): string {
  return `/orchestrator.${procedureOf(method).service}/${method}`;
}

function procedureOf(method: string): (typeof procedures)[number] {
  const procedure = procedures.find((candidate) => candidate.method === method);
  if (procedure === undefined) throw new Error(`no procedure ${method}`);
  return procedure;
}

function metadataOf(headers: Headers): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    for (const item of [value ?? []].flat()) metadata.add(name, item);
  }
  return metadata;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function identity(bytes: Buffer): Buffer {
  return bytes;
}
