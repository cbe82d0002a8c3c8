import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Made {
  readonly database: string;
  readonly name: string;
  readonly fields: readonly string[];
}

export interface CouchDbStandIn {
  /** `host:port`. */
  readonly instance: string;
  /** What was made: `database/index`. */
  readonly indexes: () => readonly string[];
}

/** As much of CouchDB as the init container meets; the administrator is `admin`, `secret`. */
export async function withCouchDb(work: (couchDb: CouchDbStandIn) => Promise<void>): Promise<void> {
  const made: Made[] = [];
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const [status, body] = answer(request, text, made);
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    await work({ instance: `127.0.0.1:${port}`, indexes: () => made.map(({ database, name }) => `${database}/${name}`) });
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

function answer({ method, url = '', headers }: IncomingMessage, text: string, made: Made[]): readonly [number, object] {
  if (headers.authorization !== `Basic ${btoa('admin:secret')}`) return [401, { reason: 'Name or password is incorrect.' }];
  const database = url.split('/')[1] ?? '';
  if (method === 'PUT') return [201, { ok: true }];
  if (method === 'POST') {
    const { name, index } = JSON.parse(text) as { readonly name: string; readonly index: { readonly fields: readonly string[] } };
    made.push({ database, name, fields: index.fields });
    return [200, { result: 'created', name }];
  }
  const indexes = made.filter((one) => one.database === database).map(({ name, fields }) => ({ name, def: { fields: fields.map((field) => ({ [field]: 'asc' })) } }));
  return [200, { indexes }];
}
