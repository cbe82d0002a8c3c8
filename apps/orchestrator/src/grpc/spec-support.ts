// What the specs of this folder share: a server over a fake mode, and a client that sees raw bytes.
import { Client, credentials as clientCredentials, Metadata, status } from '@grpc/grpc-js';
import type { ChannelCredentials, ClientOptions, ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import { procedures } from '@orchestrator/lib';
import { UnavailableError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Caller, EventSubscription, Mode, UnaryCall } from '../mode.ts';
import type { CallLimits } from './call-limits.ts';
import type { CallEnd } from './call-observer.ts';
import { plaintextCredentials } from './credentials.ts';
import { identity } from './raw-bytes.ts';
import { createGrpcServer } from './server.ts';
import type { GrpcServer, GrpcServerOptions } from './server.ts';

/** A mode that does what a test tells it. */
export class FakeMode implements Mode {
  readonly calls: UnaryCall[] = [];
  answer: (call: UnaryCall) => Promise<Uint8Array> = () => Promise.resolve(new Uint8Array());
  open: (caller: Caller, startEventId: string) => Promise<EventSubscription> = () =>
    Promise.reject(new UnavailableError('no events'));
  drained = false;
  #ready = true;
  #listener: (ready: boolean) => void = () => undefined;

  call(call: UnaryCall): Promise<Uint8Array> {
    this.calls.push(call);
    return this.answer(call);
  }

  subscribe(caller: Caller, startEventId: string): Promise<EventSubscription> {
    return this.open(caller, startEventId);
  }

  isReady(): boolean {
    return this.#ready;
  }

  setReady(ready: boolean): void {
    this.#ready = ready;
    this.#listener(ready);
  }

  onReadiness(listener: (ready: boolean) => void): void {
    this.#listener = listener;
  }

  drain(): void {
    this.drained = true;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** One entry of the log: level, fields and message. */
export type LogEntry = readonly [level: string, fields: Readonly<Record<string, unknown>>, message: string];

/** A log that keeps its entries. */
export function createFakeLog(entries: LogEntry[]): Log {
  const write =
    (level: string): Log['info'] =>
    (fields, message) => {
      entries.push([level, fields, message]);
    };
  const log: Log = {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: () => log,
  };
  return log;
}

/** A running server and what a test wants to look at. */
export interface TestServer extends AsyncDisposable {
  readonly server: GrpcServer;
  readonly mode: FakeMode;
  readonly port: number;
  readonly client: RawClient;
  readonly ends: CallEnd[];
  readonly logEntries: LogEntry[];
  connect(options?: ClientOptions, credentials?: ChannelCredentials): RawClient;
}

interface Overrides extends Partial<GrpcServerOptions> {
  readonly keepaliveMinTimeMs?: number;
  readonly maxSendBytes?: number;
  readonly limits?: Partial<CallLimits>;
}

/** More calls than any spec makes. */
export const unlimited: CallLimits = {
  maxCallsPerConnection: 100_000,
  maxCallsPerOrganization: 100_000,
  maxSubscribersPerOrganization: 100_000,
};

/** Starts a server on a free port, SERVING, for MyOrg1MSP in mychannel. */
export async function startTestServer(overrides: Overrides = {}): Promise<TestServer> {
  const mode = new FakeMode();
  const ends: CallEnd[] = [];
  const logEntries: LogEntry[] = [];
  const server = createGrpcServer({
    mode,
    procedures,
    channels: {
      isMember: (channel, mspid) => (channel === 'mychannel' && mspid === 'MyOrg1MSP' ? 'ok' : 'unknown'),
    },
    log: createFakeLog(logEntries),
    observers: [{ onEnd: (end) => ends.push(end) }],
    credentials: plaintextCredentials(),
    settings: {
      maxReceiveBytes: 1_000_000,
      maxSendBytes: overrides.maxSendBytes ?? 1_000_000,
      keepaliveMinTimeMs: overrides.keepaliveMinTimeMs ?? 10_000,
      keepalivePermitWithoutStream: true,
      ...unlimited,
      ...overrides.limits,
    },
    ...overrides,
  });
  const port = await server.listen('127.0.0.1:0');
  server.setServing(true);
  const clients: RawClient[] = [];
  const connect: TestServer['connect'] = (options, credentials) => {
    const client = new RawClient(`localhost:${port}`, credentials ?? clientCredentials.createInsecure(), options);
    clients.push(client);
    return client;
  };
  return {
    server,
    mode,
    port,
    client: connect(),
    ends,
    logEntries,
    connect,
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The headers of a caller whom the test server admits. */
export const goodHeaders: Readonly<Record<string, string>> = { mspid: 'MyOrg1MSP', channel: 'mychannel' };

/** How a unary call ended. */
export interface Outcome {
  readonly code: status;
  readonly details: string;
  readonly bytes: Buffer | undefined;
}

export interface UnaryOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly request?: Uint8Array;
  readonly deadlineMs?: number;
  readonly abort?: AbortSignal;
}

const CALL_DEADLINE_MS = 20_000;

/** A client without generated code. Every call has a deadline, so that no test can hang. */
export class RawClient extends Client {
  constructor(address: string, credentials: ChannelCredentials, options: ClientOptions = {}) {
    // One connection per client: the library shares them by default.
    super(address, credentials, { 'grpc.use_local_subchannel_pool': 1, ...options });
  }

  unary(path: string, options: UnaryOptions = {}): Promise<Outcome> {
    const { headers = goodHeaders, request = new Uint8Array(), deadlineMs = CALL_DEADLINE_MS, abort } = options;
    return new Promise((resolve) => {
      const done = (error: ServiceError | null, bytes?: Buffer): void => {
        resolve({ code: error?.code ?? status.OK, details: error?.details ?? '', bytes });
      };
      const argument = Buffer.from(request);
      const deadline = { deadline: Date.now() + deadlineMs };
      const call = this.makeUnaryRequest(path, identity, identity, argument, toMetadata(headers), deadline, done);
      abort?.addEventListener('abort', () => {
        call.cancel();
      });
    });
  }

  stream(path: string, options: UnaryOptions = {}): ClientReadableStream<Buffer> {
    const { headers = goodHeaders, request = new Uint8Array(), deadlineMs = CALL_DEADLINE_MS } = options;
    const argument = Buffer.from(request);
    const deadline = { deadline: Date.now() + deadlineMs };
    return this.makeServerStreamRequest(path, identity, identity, argument, toMetadata(headers), deadline);
  }
}

function toMetadata(headers: Readonly<Record<string, string>>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** The error status that a stream ends with. */
export function endOf(stream: ClientReadableStream<Buffer>): Promise<ServiceError> {
  return new Promise((resolve, reject) => {
    stream.on('error', (error) => {
      resolve(error as ServiceError);
    });
    stream.on('end', () => {
      // An error comes after the end of the data, a status of OK alone.
      setImmediate(reject, new Error('the stream ended with OK'));
    });
    stream.resume();
  });
}

/** Waits until `condition` holds. @throws after twenty seconds. */
export async function eventually(condition: () => boolean): Promise<void> {
  const giveUpMs = Date.now() + CALL_DEADLINE_MS;
  while (!condition()) {
    if (Date.now() > giveUpMs) throw new Error(`never came true: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
