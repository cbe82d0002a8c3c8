import { status } from '@grpc/grpc-js';
import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { ServerReflectionRequest, ServerReflectionResponse } from './gen/grpc/reflection/v1/reflection.ts';
import type { CallObserver } from './call-observer.ts';
import type { DescribedFile, DescriptorIndex } from './descriptors.ts';
import { observeCall } from './infrastructure-call.ts';
import { identity, toBuffer } from './raw-bytes.ts';

/** Both names of the service; their messages are the same on the wire. */
const SERVICES = ['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'];
const METHOD = 'ServerReflectionInfo';

type ReflectionCall = ServerDuplexStream<Buffer, Buffer>;
type Answer = ServerReflectionResponse['messageResponse'];

/** Server reflection: hands out the contract to clients that do not have it. */
export class ReflectionService {
  readonly #openIndex: () => DescriptorIndex;
  #opened: DescriptorIndex | undefined;
  readonly #observer: Required<CallObserver>;
  readonly #calls = new Set<ReflectionCall>();

  /** @param openIndex called at the first request: most servers never see one. */
  constructor(openIndex: () => DescriptorIndex, observer: Required<CallObserver>) {
    this.#openIndex = openIndex;
    this.#observer = observer;
  }

  /** Adds the service, under both of its names, to a gRPC server. */
  register(server: Server): void {
    for (const service of SERVICES) {
      const handler = (call: ReflectionCall): void => {
        this.#serve(service, call);
      };
      server.register(`/${service}/${METHOD}`, handler, identity, identity, 'bidi');
    }
  }

  /** Ends the streams under way, which would hold the end of the server up. */
  end(): void {
    for (const call of this.#calls) fail(call, status.UNAVAILABLE, 'the server is shutting down');
  }

  get #index(): DescriptorIndex {
    return (this.#opened ??= this.#openIndex());
  }

  #serve(service: string, call: ReflectionCall): void {
    const observed = observeCall(this.#observer, { service, method: METHOD, type: 'bidi_stream', call });
    const sent = new Set<string>();
    this.#calls.add(call);
    call.on('data', (bytes: Buffer) => {
      const response = this.#respond(bytes, sent);
      if (response === undefined) fail(call, status.INVALID_ARGUMENT, 'the request is not a valid reflection request');
      // A client that asks without reading the answers is not read from either.
      else if (!call.write(response)) call.pause().once('drain', () => call.resume());
    });
    call.on('end', () => {
      call.end();
      observed.end(status.OK);
    });
    call.on('cancelled', () => {
      this.#calls.delete(call);
      observed.end(status.CANCELLED);
    });
  }

  #respond(bytes: Buffer, sent: Set<string>): Buffer | undefined {
    let request: ServerReflectionRequest;
    try {
      request = ServerReflectionRequest.decode(bytes);
    } catch {
      return undefined;
    }
    const messageResponse = this.#answer(request.messageRequest, sent);
    if (messageResponse === undefined) return undefined;
    const response = { validHost: request.host, originalRequest: request, messageResponse };
    return toBuffer(ServerReflectionResponse.encode(response).finish());
  }

  #answer(request: ServerReflectionRequest['messageRequest'], sent: Set<string>): Answer {
    switch (request?.$case) {
      case 'fileByFilename':
        return this.#files(this.#index.fileByName(request.value), request.value, sent);
      case 'fileContainingSymbol':
        return this.#files(this.#index.fileBySymbol(request.value), request.value, sent);
      case 'fileContainingExtension':
        return notFound(`${request.value.containingType} extension ${request.value.extensionNumber}`);
      case 'allExtensionNumbersOfType':
        return this.#extensionNumbers(request.value);
      case 'listServices': {
        const service = this.#index.services.map((name) => ({ name }));
        return { $case: 'listServicesResponse', value: { service } };
      }
      case undefined:
        return undefined;
    }
  }

  /** The file, then what it imports, and so on; of these only what this stream has not sent yet. */
  #files(file: DescribedFile | undefined, wanted: string, sent: Set<string>): Answer {
    if (file === undefined) return notFound(wanted);
    const files = [file];
    const seen = new Set([file.name]);
    for (const { imports } of files) {
      for (const name of imports) {
        const imported = this.#index.fileByName(name);
        if (imported === undefined || seen.has(name)) continue;
        seen.add(name);
        files.push(imported);
      }
    }
    const fresh = files.filter(({ name }) => name === file.name || !sent.has(name));
    for (const { name } of fresh) sent.add(name);
    const fileDescriptorProto = fresh.map(({ bytes }) => bytes);
    return { $case: 'fileDescriptorResponse', value: { fileDescriptorProto } };
  }

  /** The contract has no extensions. */
  #extensionNumbers(baseTypeName: string): Answer {
    if (!this.#index.hasMessage(baseTypeName)) return notFound(baseTypeName);
    return { $case: 'allExtensionNumbersResponse', value: { baseTypeName, extensionNumber: [] } };
  }
}

function notFound(wanted: string): Answer {
  return { $case: 'errorResponse', value: { errorCode: status.NOT_FOUND, errorMessage: `${wanted} not found` } };
}

function fail(call: ReflectionCall, code: status, details: string): void {
  call.emit('error', { code, details });
}
