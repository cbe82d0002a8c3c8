import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Database, render, type StoredDocument, UpdateConflict } from './database.ts';
import { isList, isObject, type JsonObject, type JsonValue, parseJson, textOf } from './json-text.ts';
import { documentsIn, find } from './queries.ts';

/** Ids are in the path, and Fabric's keys may be long. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;
const BOUNDARY = 'attachments-of-a-document';

/** What came in. */
interface Call {
  readonly method: string;
  /** The path behind the database's name, decoded. */
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly body: JsonObject;
  /** The revision that the writer knows; empty for none. */
  readonly revision: string;
}

/** What goes out. */
interface Answer {
  readonly status: number;
  readonly content: JsonValue | MultipartDocument;
  readonly etag?: string;
}

/** A document followed by its attachments, as CouchDB sends it. */
class MultipartDocument {
  readonly document: StoredDocument;

  constructor(document: StoredDocument) {
    this.document = document;
  }
}

/** A failure that the client is told of. */
class CouchError extends Error {
  readonly status: number;
  readonly kind: string;

  constructor(status: number, kind: string, reason: string) {
    super(reason);
    this.status = status;
    this.kind = kind;
  }
}

/**
 * Answers the part of CouchDB's HTTP interface that a Fabric peer uses for its state database, from memory. Nothing is
 * kept, and every query looks at all documents: its speed says nothing about CouchDB's.
 */
export function createCouchServer(): Server {
  const databases = new Map<string, Database>();
  return createServer({ maxHeaderSize: MAX_HEADER_BYTES }, (request, response) => {
    answer(databases, request).then(
      (result) => send(response, result),
      (error: unknown) => send(response, failure(error)),
    );
  });
}

async function answer(databases: Map<string, Database>, request: IncomingMessage): Promise<Answer> {
  const url = new URL(request.url ?? '/', 'http://couchdb');
  const [name = '', ...path] = url.pathname.slice(1).split('/').map(decodeURIComponent);
  const text = await bodyOf(request);
  const body = text === '' ? {} : parseJson(text);
  const revision = (request.headers['if-match'] ?? '').replaceAll('"', '') || (url.searchParams.get('rev') ?? '');
  const { method = 'GET' } = request;
  const call: Call = { method, rest: path.join('/'), query: url.searchParams, body: isObject(body) ? body : {}, revision };
  return aboutServer(databases, name) ?? aboutDatabases(databases, name, call) ?? inDatabase(existing(databases, name), call);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}

function aboutServer(databases: ReadonlyMap<string, Database>, name: string): Answer | undefined {
  switch (name) {
    case '':
      return ok({ couchdb: 'Welcome', version: '3.3.3', vendor: { name: 'stand-in in memory' } });
    case '_up':
      return ok({ status: 'ok' });
    case '_all_dbs':
      return ok([...databases.keys()].toSorted());
    default:
      return undefined;
  }
}

function aboutDatabases(databases: Map<string, Database>, name: string, { method, rest }: Call): Answer | undefined {
  if (rest !== '') return undefined;
  if (method === 'PUT') {
    if (databases.has(name)) throw new CouchError(412, 'file_exists', 'The database could not be created, the file already exists.');
    databases.set(name, new Database());
    return { status: 201, content: { ok: true } };
  }
  const { size } = existing(databases, name);
  if (method === 'DELETE') {
    databases.delete(name);
    return ok({ ok: true });
  }
  const [count, none] = [parseJson(String(size)), parseJson('0')];
  const sizes = { file: none, external: none, active: none };
  return ok({ db_name: name, doc_count: count, update_seq: '0', sizes, instance_start_time: '0' });
}

function existing(databases: ReadonlyMap<string, Database>, name: string): Database {
  const database = databases.get(name);
  if (database === undefined) throw new CouchError(404, 'not_found', 'Database does not exist.');
  return database;
}

function inDatabase(database: Database, call: Call): Answer {
  const { method, rest, body } = call;
  switch (rest) {
    case '_security':
      if (method === 'GET') return ok(database.security);
      database.security = body;
      return ok({ ok: true });
    case '_ensure_full_commit':
      return { status: 201, content: { ok: true, instance_start_time: '0' } };
    case '_index':
      // Indexes are accepted, and not needed.
      if (method === 'GET') return ok({ total_rows: parseJson('0'), indexes: [] });
      return ok({ result: 'created', id: '_design/stand-in', name: textOf(body['name']) });
    case '_find':
      return ok(find(database, body));
    case '_bulk_docs':
      return { status: 201, content: bulk(database, isList(body['docs']) ? body['docs'] : []) };
    case '_all_docs':
      return ok(allDocuments(database, call));
    default:
      return oneDocument(database, call);
  }
}

function bulk(database: Database, documents: readonly JsonValue[]): JsonValue {
  return documents.filter(isObject).map((body) => {
    try {
      const { id, revision } = database.put(body);
      return { ok: true, id, rev: revision };
    } catch (error) {
      if (!(error instanceof UpdateConflict)) throw error;
      return { id: body['_id'] ?? '', error: 'conflict', reason: error.message };
    }
  });
}

function allDocuments(database: Database, { query, body }: Call): JsonValue {
  const isFull = query.get('attachments') === 'true';
  const row = (document: StoredDocument): JsonObject => ({
    id: document.id,
    key: document.id,
    value: { rev: document.revision },
    ...(query.get('include_docs') === 'true' ? { doc: render(document, isFull) } : {}),
  });
  const keys = body['keys'];
  const rows = isList(keys)
    ? keys.map((key) => {
        const document = database.get(textOf(key));
        return document === undefined ? { key, error: 'not_found' } : row(document);
      })
    : [...documentsIn(database, rangeOf(query))].map(row);
  return { total_rows: parseJson(String(database.size)), offset: parseJson('0'), rows };
}

function rangeOf(query: URLSearchParams) {
  const key = (name: string): string => textOf(parseJson(query.get(name) ?? '""'));
  const limit = query.get('limit');
  return {
    start: key('startkey'),
    end: key('endkey'),
    includesEnd: query.get('inclusive_end') !== 'false',
    limit: limit === null ? Infinity : Number(limit),
  };
}

function oneDocument(database: Database, { method, rest, query, body, revision }: Call): Answer {
  if (method === 'PUT' || method === 'DELETE') {
    const stored = database.put(method === 'DELETE' ? { _deleted: true } : body, rest, revision || textOf(body['_rev']));
    return { status: 201, content: { ok: true, id: stored.id, rev: stored.revision }, etag: stored.revision };
  }
  if (method !== 'GET' && method !== 'HEAD') throw new CouchError(405, 'method_not_allowed', `${method} ${rest}`);
  const document = database.get(rest);
  if (document === undefined) throw new CouchError(404, 'not_found', 'missing');
  const isMultipart = document.attachments.size > 0 && query.get('attachments') === 'true';
  return { status: 200, content: isMultipart ? new MultipartDocument(document) : render(document, false), etag: document.revision };
}

function ok(content: JsonValue): Answer {
  return { status: 200, content };
}

function failure(error: unknown): Answer {
  const about = (status: number, kind: string, reason: string): Answer => ({ status, content: { error: kind, reason } });
  if (error instanceof CouchError) return about(error.status, error.kind, error.message);
  if (error instanceof UpdateConflict) return about(409, 'conflict', error.message);
  return about(400, 'bad_request', error instanceof Error ? error.message : String(error));
}

function send(response: ServerResponse, { status, content, etag }: Answer): void {
  if (etag !== undefined) response.setHeader('ETag', `"${etag}"`);
  if (content instanceof MultipartDocument) {
    response.writeHead(status, { 'Content-Type': `multipart/related; boundary="${BOUNDARY}"` });
    response.end(multipart(content.document));
    return;
  }
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(`${JSON.stringify(content)}\n`);
}

function multipart(document: StoredDocument): Buffer {
  const part = (headers: readonly string[], content: Uint8Array): Buffer =>
    Buffer.concat([Buffer.from(`--${BOUNDARY}\r\n${headers.join('\r\n')}\r\n\r\n`), content, Buffer.from('\r\n')]);
  const attachments = [...document.attachments].map(([name, { contentType, data }]) => {
    const content = Buffer.from(data, 'base64');
    const disposition = `Content-Disposition: attachment; filename=${JSON.stringify(name)}`;
    return part([disposition, `Content-Type: ${contentType}`, `Content-Length: ${content.length}`], content);
  });
  const first = part(['Content-Type: application/json'], Buffer.from(JSON.stringify(render(document, false))));
  return Buffer.concat([first, ...attachments, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}
