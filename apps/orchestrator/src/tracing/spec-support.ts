import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';

/** A span as a collector gets it; ids in hexadecimal, '' for none. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Of the process that sent it. */
  readonly resource: Readonly<Record<string, string | number>>;
}

/** A receiver of OTLP over HTTP in its binary form, which is what exporters send unless told otherwise. */
export class Collector implements AsyncDisposable {
  readonly spans: ReceivedSpan[] = [];
  /** What could not be taken. */
  readonly faults: string[] = [];
  readonly #server = createServer((request, response) => {
    void this.#take(request).then(
      () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end(),
      (error: unknown) => {
        this.faults.push(String(error));
        response.writeHead(400).end();
      },
    );
  });

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await once(collector.#server.listen(0, '127.0.0.1'), 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The spans of a trace with a name. */
  named(traceId: string, name: string): readonly ReceivedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId && span.name === name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url, headers } = request;
    if (url !== '/v1/traces' || headers['content-type'] !== 'application/x-protobuf') throw new Error(`${url} with ${headers['content-type']}`);
    this.spans.push(...decodeTraces(Buffer.concat(chunks)));
  }
}

type Fields = ReadonlyMap<number, readonly (Uint8Array | bigint)[]>;

const noFields: Fields = new Map();

/** ExportTraceServiceRequest of opentelemetry-proto 1, as far as the tests look. */
function decodeTraces(bytes: Uint8Array): readonly ReceivedSpan[] {
  return messages(fieldsOf(bytes), 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? noFields, 1);
    const spans = messages(resourceSpans, 2).flatMap((scopeSpans) => messages(scopeSpans, 2));
    return spans.map((span) => ({
      traceId: hex(span, 1),
      spanId: hex(span, 2),
      parentSpanId: hex(span, 4),
      name: text(span, 5),
      attributes: attributesOf(span, 9),
      resource,
    }));
  });
}

/** Varints, and everything that has a length; other fields are left out. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = new BinaryReader(bytes);
  const fields = new Map<number, (Uint8Array | bigint)[]>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type !== WireType.LengthDelimited && type !== WireType.Varint) {
      reader.skip(type, field);
      continue;
    }
    const value = type === WireType.Varint ? BigInt(reader.int64()) : reader.bytes();
    fields.set(field, [...(fields.get(field) ?? []), value]);
  }
  return fields;
}

function messages(fields: Fields, field: number): readonly Fields[] {
  return (fields.get(field) ?? []).flatMap((value) => (typeof value === 'bigint' ? [] : [fieldsOf(value)]));
}

function bytesOf(fields: Fields, field: number): Buffer {
  const [value] = fields.get(field) ?? [];
  return value === undefined || typeof value === 'bigint' ? Buffer.alloc(0) : Buffer.from(value);
}

function hex(fields: Fields, field: number): string {
  return bytesOf(fields, field).toString('hex');
}

function text(fields: Fields, field: number): string {
  return bytesOf(fields, field).toString();
}

/** Repeated KeyValue with texts and integers. */
function attributesOf(fields: Fields, field: number): Readonly<Record<string, string | number>> {
  return Object.fromEntries(messages(fields, field).map((pair) => {
    const value = messages(pair, 2)[0] ?? noFields;
    const [integer] = value.get(3) ?? [];
    return [text(pair, 1), typeof integer === 'bigint' ? Number(integer) : text(value, 1)];
  }));
}
