import { Metadata, status } from '@grpc/grpc-js';
import type { sendUnaryData, Server, ServerUnaryCall, ServerWritableStream } from '@grpc/grpc-js';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as ServingStatus,
  HealthListResponse,
} from './gen/grpc/health/v1/health.ts';
import type { CallObserver } from './call-observer.ts';
import { observeCall } from './infrastructure-call.ts';
import { identity, toBuffer } from './raw-bytes.ts';

const SERVICE = 'grpc.health.v1.Health';

type WatchCall = ServerWritableStream<Buffer, Buffer>;

/** The health service of gRPC, for the server as a whole (the empty name) and for each service by its full name. */
export class HealthService {
  readonly #services: ReadonlySet<string>;
  readonly #observer: Required<CallObserver>;
  /** Each with whether it watches a service that exists. */
  readonly #watchers = new Map<WatchCall, boolean>();
  #serving = false;
  #ended = false;

  /** @param services full names, e.g. `orchestrator.InfoService`. */
  constructor(services: Iterable<string>, observer: Required<CallObserver>) {
    this.#services = new Set(['', ...services]);
    this.#observer = observer;
  }

  /** Adds the service to a gRPC server. */
  register(server: Server): void {
    server.register(`/${SERVICE}/Check`, this.#check.bind(this), identity, identity, 'unary');
    server.register(`/${SERVICE}/List`, this.#list.bind(this), identity, identity, 'unary');
    server.register(`/${SERVICE}/Watch`, this.#watch.bind(this), identity, identity, 'serverStream');
  }

  /** Sets the status of all services, and tells those who watch. */
  setServing(serving: boolean): void {
    if (serving === this.#serving) return;
    this.#serving = serving;
    for (const [call, known] of this.#watchers) if (known) call.write(this.#response());
  }

  /** NOT_SERVING for good, and no more watching: a watcher would hold the end of the server up. */
  end(): void {
    this.#ended = true;
    this.setServing(false);
    for (const call of this.#watchers.keys()) endWatch(call);
    this.#watchers.clear();
  }

  #check(call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void {
    const observed = observeCall(this.#observer, { service: SERVICE, method: 'Check', type: 'unary', call });
    const name = readServiceName(call.request);
    if (name !== undefined && this.#services.has(name)) {
      respond(null, this.#response());
      observed.end(status.OK);
      return;
    }
    const code = name === undefined ? status.INVALID_ARGUMENT : status.NOT_FOUND;
    const details = name === undefined ? 'the request cannot be decoded' : 'unknown service';
    respond({ code, details });
    observed.end(code, details);
  }

  #list(call: ServerUnaryCall<Buffer, Buffer>, respond: sendUnaryData<Buffer>): void {
    const observed = observeCall(this.#observer, { service: SERVICE, method: 'List', type: 'unary', call });
    const statuses = new Map([...this.#services].map((name) => [name, { status: this.#status() }]));
    respond(null, toBuffer(HealthListResponse.encode({ statuses }).finish()));
    observed.end(status.OK);
  }

  #watch(call: WatchCall): void {
    const observed = observeCall(this.#observer, { service: SERVICE, method: 'Watch', type: 'server_stream', call });
    call.on('cancelled', () => {
      this.#watchers.delete(call);
      observed.end(status.CANCELLED);
    });
    call.sendMetadata(new Metadata());
    const name = readServiceName(call.request);
    const known = name !== undefined && this.#services.has(name);
    // An unknown service may appear later, says the protocol, so that stream stays open too.
    call.write(known ? this.#response() : encodeStatus(ServingStatus.SERVICE_UNKNOWN));
    if (this.#ended) endWatch(call);
    else this.#watchers.set(call, known);
  }

  #response(): Buffer {
    return encodeStatus(this.#status());
  }

  #status(): ServingStatus {
    return this.#serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
  }
}

function endWatch(call: WatchCall): void {
  call.emit('error', { code: status.UNAVAILABLE, details: 'the server is shutting down' });
}

function encodeStatus(servingStatus: ServingStatus): Buffer {
  return toBuffer(HealthCheckResponse.encode({ status: servingStatus }).finish());
}

function readServiceName(bytes: Buffer): string | undefined {
  try {
    return HealthCheckRequest.decode(bytes).service;
  } catch {
    return undefined;
  }
}
