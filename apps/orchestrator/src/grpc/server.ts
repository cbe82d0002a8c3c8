import { Server, setLogger } from '@grpc/grpc-js';
import type { ServerCredentials } from '@grpc/grpc-js';
import { descriptorSetBase64 } from '@orchestrator/lib';
import type { Procedure } from '@orchestrator/lib';
import { UnavailableError } from '../errors.ts';
import type { Log } from '../log/log.ts';
import type { Mode } from '../mode.ts';
import { RunningCalls } from './call-context.ts';
import type { HandlerContext } from './call-context.ts';
import type { Admission } from './caller.ts';
import { CallCounter, maxStreamsOf } from './call-limits.ts';
import type { CallLimits } from './call-limits.ts';
import { combineObservers } from './call-observer.ts';
import type { CallObserver } from './call-observer.ts';
import { ConnectionWatch } from './connection-watch.ts';
import { DescriptorIndex } from './descriptors.ts';
import { createEventStreamHandler } from './event-stream.ts';
import { infrastructureDescriptorSetBase64 } from './gen/descriptor-set.ts';
import { HandshakeWatch } from './handshake-watch.ts';
import { HealthService } from './health.ts';
import { identity } from './raw-bytes.ts';
import { ReflectionService } from './reflection.ts';
import { createUnaryHandler } from './unary.ts';
import { joinMessages } from './joined-messages.ts';
import { settledWithin } from './settled-within.ts';

export interface GrpcSettings extends CallLimits {
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
  /** Pings more often than this, three times in a row, end the connection. */
  readonly keepaliveMinTimeMs: number;
  /** Whether clients may ping while they have no call. */
  readonly keepalivePermitWithoutStream: boolean;
}

export interface GrpcServerOptions extends Admission {
  readonly mode: Mode;
  /** The whole API: the services are made from it. */
  readonly procedures: readonly Procedure[];
  readonly settings: GrpcSettings;
  /** Follow the calls, for log and metrics. */
  readonly observers?: readonly CallObserver[];
  readonly credentials: ServerCredentials;
}

/** How long a stalled connection may hold the end up once every call has its status. */
const CLOSING_GRACE_MS = 2000;

/** A client whose machine is gone would keep its event stream for ever: ask now and then. */
const CLIENT_PROBE_INTERVAL_MS = 60_000;
const CLIENT_PROBE_TIMEOUT_MS = 20_000;

/** The gRPC server of the API, with health and reflection. It starts NOT_SERVING. */
export class GrpcServer implements AsyncDisposable {
  readonly #options: GrpcServerOptions;
  readonly #server: Server;
  readonly #calls = new RunningCalls();
  readonly #connections: ConnectionWatch;
  readonly #handshakes: HandshakeWatch;
  readonly #health: HealthService;
  readonly #reflection: ReflectionService;
  #serving = false;
  #drained: Promise<void> | undefined;

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    const { log, mode, procedures, settings } = options;
    setLogger(toGrpcLogger(log));
    this.#server = new Server({
      'grpc.max_receive_message_length': settings.maxReceiveBytes,
      'grpc.max_concurrent_streams': maxStreamsOf(settings),
      'grpc.keepalive_time_ms': CLIENT_PROBE_INTERVAL_MS,
      'grpc.keepalive_timeout_ms': CLIENT_PROBE_TIMEOUT_MS,
      // Its book-keeping per connection is never read.
      'grpc.enable_channelz': 0,
      interceptors: [joinMessages()],
    });
    this.#connections = new ConnectionWatch({
      minTimeMs: settings.keepaliveMinTimeMs,
      permitWithoutStream: settings.keepalivePermitWithoutStream,
    });
    this.#handshakes = new HandshakeWatch(log);
    const observer = combineObservers(options.observers ?? []);
    const services = procedures.map(({ service }) => `orchestrator.${service}`);
    this.#health = new HealthService(services, observer);
    this.#reflection = new ReflectionService(
      () => new DescriptorIndex([descriptorSetBase64, infrastructureDescriptorSetBase64]),
      observer,
    );
    this.#health.register(this.#server);
    this.#reflection.register(this.#server);
    const { maxSendBytes } = settings;
    const counter = new CallCounter(settings);
    const context: HandlerContext = { mode, admission: options, maxSendBytes, log, observer, calls: this.#calls, counter };
    for (const procedure of procedures) this.#register(context, procedure);
    mode.onReadiness(() => {
      this.#updateHealth();
    });
  }

  /**
   * Starts to listen.
   *
   * @param address host and port, e.g. `127.0.0.1:9000`; port 0 picks a free one.
   * @returns the port.
   * @throws Error when the address cannot be bound.
   */
  async listen(address: string): Promise<number> {
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync(address, this.#options.credentials, (error, boundPort) => {
        if (error === null) resolve(boundPort);
        else reject(error);
      });
    });
    this.#connections.addPort(port);
    this.#handshakes.addPort(port);
    return port;
  }

  /** Whether the health service says SERVING, given that the mode is ready too. */
  setServing(serving: boolean): void {
    this.#serving = serving;
    this.#updateHealth();
  }

  /**
   * Ends the server in order: NOT_SERVING, no new calls, event streams end with UNAVAILABLE, calls under way may
   * finish for `timeoutMs` and are answered UNAVAILABLE after it, connections are closed.
   */
  drain(timeoutMs: number): Promise<void> {
    this.#drained ??= this.#drain(timeoutMs);
    return this.#drained;
  }

  /** Ends the server at once, calls under way included. */
  close(): void {
    this.#server.forceShutdown();
    this.#connections[Symbol.dispose]();
    this.#handshakes[Symbol.dispose]();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return Promise.resolve();
  }

  #register(context: HandlerContext, procedure: Procedure): void {
    const path = `/orchestrator.${procedure.service}/${procedure.method}`;
    if (procedure.kind === 'stream') {
      this.#server.register(path, createEventStreamHandler(context, procedure), identity, identity, 'serverStream');
    } else {
      this.#server.register(path, createUnaryHandler(context, procedure), identity, identity, 'unary');
    }
  }

  #updateHealth(): void {
    this.#health.setServing(this.#serving && this.#drained === undefined && this.#options.mode.isReady());
  }

  async #drain(timeoutMs: number): Promise<void> {
    const reason = new UnavailableError('the server is shutting down');
    this.#health.end();
    this.#reflection.end();
    this.#calls.refuse(reason);
    this.#options.mode.drain();
    this.#calls.end('stream', reason);
    const closed = new Promise<void>((resolve) => {
      this.#server.tryShutdown(() => {
        resolve();
      });
    });
    if (!(await settledWithin(this.#calls.idle(), timeoutMs))) this.#calls.end('unary', reason);
    await settledWithin(closed, CLOSING_GRACE_MS);
    this.close();
  }
}

/** Makes the gRPC server; it listens nowhere yet. */
export function createGrpcServer(options: GrpcServerOptions): GrpcServer {
  return new GrpcServer(options);
}

/** What the gRPC library has to say concerns single clients, and what concerns the server it also throws. */
function toGrpcLogger(log: Log): Partial<Console> {
  const write = (message: unknown): void => {
    log.debug({ source: 'grpc' }, String(message));
  };
  return { error: write, info: write, debug: write };
}
