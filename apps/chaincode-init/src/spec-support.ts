import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface StoredIndex {
  readonly ddoc: string;
  readonly name: string;
  readonly fields: readonly string[];
}

/** As much of CouchDB's HTTP interface as the making of indexes meets, with one administrator: admin, secret. */
export class FakeCouchDb implements AsyncDisposable {
  readonly databases = new Map<string, Map<string, StoredIndex>>();
  /** Statuses that the next requests get instead of an answer. */
  readonly faults: number[] = [];
  /** Forgets indexes while it says that it made them. */
  forgetful = false;
  requests = 0;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#serve(request, response);
    });
  }

  static async start(): Promise<FakeCouchDb> {
    const fake = new FakeCouchDb();
    const listening = once(fake.#server, 'listening');
    fake.#server.listen(0, '127.0.0.1');
    await listening;
    return fake;
  }

  get instance(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.requests += 1;
    let text = '';
    for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
    const [status, body] = this.#answer(request, text === '' ? undefined : (JSON.parse(text) as unknown));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #answer({ method, url = '', headers }: IncomingMessage, body: unknown): readonly [number, unknown] {
    const fault = this.faults.shift();
    if (fault !== undefined) return [fault, { error: 'fault', reason: 'a fault of the test' }];
    if (headers.authorization !== `Basic ${btoa('admin:secret')}`) return [401, { error: 'unauthorized', reason: 'Name or password is incorrect.' }];
    const [, name = '', part] = url.split('/').map(decodeURIComponent);
    if (method === 'PUT' && part === undefined) return this.#makeDatabase(name);
    const database = this.databases.get(name);
    if (database === undefined) return [404, { error: 'not_found', reason: 'Database does not exist.' }];
    if (part !== '_index') return [404, { error: 'not_found', reason: 'missing' }];
    return method === 'POST' ? this.#makeIndex(database, body as IndexRequest) : [200, { indexes: [...database.values()].map(listed) }];
  }

  #makeDatabase(name: string): readonly [number, unknown] {
    if (!/^[a-z][a-z0-9_$()+/-]*$/.test(name)) return [400, { error: 'illegal_database_name', reason: `Name: '${name}'.` }];
    if (this.databases.has(name)) return [412, { error: 'file_exists', reason: 'The database could not be created, the file already exists.' }];
    this.databases.set(name, new Map());
    return [201, { ok: true }];
  }

  #makeIndex(database: Map<string, StoredIndex>, { ddoc, name, type, index }: IndexRequest): readonly [number, unknown] {
    if (type !== 'json') return [400, { error: 'invalid', reason: 'unknown index type' }];
    const result = database.has(name) ? 'exists' : 'created';
    if (!this.forgetful) database.set(name, { ddoc, name, fields: index.fields });
    return [200, { result, id: `_design/${ddoc}`, name }];
  }
}

interface IndexRequest {
  readonly ddoc: string;
  readonly name: string;
  readonly type: string;
  readonly index: { readonly fields: readonly string[] };
}

function listed({ ddoc, name, fields }: StoredIndex): unknown {
  return { ddoc: `_design/${ddoc}`, name, type: 'json', def: { fields: fields.map((field) => ({ [field]: 'asc' })) } };
}
