import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCouchServer } from './server.ts';

let server: Server;

beforeEach(async () => {
  server = createCouchServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Sends a call; @returns status, body as text, and the revision in ETag. */
async function call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return { status: response.status, text: await response.text(), revision: (response.headers.get('etag') ?? '').replaceAll('"', '') };
}

async function find(query: unknown): Promise<{ docs: { _id: string }[]; bookmark: string }> {
  const { text } = await call('POST', '/db/_find', JSON.stringify(query));
  return JSON.parse(text) as { docs: { _id: string }[]; bookmark: string };
}

async function ids(query: string): Promise<readonly string[]> {
  const { text } = await call('GET', `/db/_all_docs?${query}`);
  return (JSON.parse(text) as { rows: { id: string }[] }).rows.map(({ id }) => id);
}

it('greets as a version that Fabric takes', async () => {
  expect(JSON.parse((await call('GET', '/')).text)).toMatchObject({ couchdb: 'Welcome', version: '3.3.3' });
  expect((await call('GET', '/_up')).status).toBe(200);
});

it('creates a database once, tells of it, and deletes it', async () => {
  expect((await call('GET', '/db')).status).toBe(404);
  expect((await call('PUT', '/db')).status).toBe(201);
  expect((await call('PUT', '/db')).status).toBe(412);
  expect((await call('GET', '/_all_dbs')).text).toBe('["db"]\n');
  expect(JSON.parse((await call('GET', '/db')).text)).toMatchObject({ db_name: 'db', doc_count: 0 });
  expect((await call('DELETE', '/db')).status).toBe(200);
  expect((await call('GET', '/db/x')).status).toBe(404);
});

describe('documents', () => {
  beforeEach(async () => {
    await call('PUT', '/db');
  });

  it('come back as they were written, numbers to the last digit', async () => {
    const { revision } = await call('PUT', '/db/a%2Fb', '{"n":12345678901234567890,"f":1.0,"e":1e400,"s":"é"}');
    expect(revision).toMatch(/^1-[0-9a-f]{32}$/);
    const { text, revision: read } = await call('GET', '/db/a%2Fb');
    expect(text).toBe(`{"_id":"a/b","_rev":"${revision}","n":12345678901234567890,"f":1.0,"e":1e400,"s":"é"}\n`);
    expect(read).toBe(revision);
  });

  it('are changed and deleted only by who knows the newest revision', async () => {
    const first = (await call('PUT', '/db/x', '{"v":1}')).revision;
    expect((await call('PUT', '/db/x', '{"v":2}')).status).toBe(409);
    const second = (await call('PUT', '/db/x', '{"v":2}', { 'If-Match': first })).revision;
    expect(second).toMatch(/^2-/);
    expect((await call('PUT', '/db/x', JSON.stringify({ v: 3, _rev: first }))).status).toBe(409);
    expect((await call('DELETE', `/db/x?rev=${first}`)).status).toBe(409);
    expect((await call('DELETE', `/db/x?rev=${second}`)).status).toBe(201);
    expect((await call('GET', '/db/x')).status).toBe(404);
    expect((await call('PUT', '/db/x', '{"v":4}')).status).toBe(201);
  });

  it('are written together, each for itself', async () => {
    await call('PUT', '/db/old', '{}');
    const { status, text } = await call('POST', '/db/_bulk_docs', '{"docs":[{"_id":"old"},{"_id":"new","v":1}]}');
    expect(status).toBe(201);
    expect(JSON.parse(text)).toMatchObject([
      { id: 'old', error: 'conflict' },
      { ok: true, id: 'new' },
    ]);
  });

  it('carry attachments, which are sent as stubs, whole, or in parts', async () => {
    const body = '{"v":1,"_attachments":{"valueBytes":{"content_type":"application/octet-stream","data":"AAH/"}}}';
    const { revision } = await call('PUT', '/db/x', body);
    expect((await call('GET', '/db/x')).text).toContain('"stub":true');
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/db/x?attachments=true`);
    expect(response.headers.get('content-type')).toMatch(/^multipart\/related; boundary=/);
    const parts = Buffer.from(await response.arrayBuffer());
    expect(parts.includes(Buffer.from([0, 1, 255]))).toBe(true);
    expect(parts.toString()).toContain('filename="valueBytes"');
    const kept = await call('PUT', '/db/x', JSON.stringify({ v: 2, _rev: revision, _attachments: { valueBytes: { stub: true } } }));
    expect(kept.status).toBe(201);
    const whole = await call('GET', '/db/_all_docs?include_docs=true&attachments=true');
    expect(whole.text).toContain('"data":"AAH/"');
  });

  it('are listed in the order of the bytes of their ids', async () => {
    for (const id of ['b', 'a', '\u{1F600}', '\uffee', 'ab', 'Z']) await call('PUT', `/db/${encodeURIComponent(id)}`, '{}');
    expect(await ids('')).toEqual(['Z', 'a', 'ab', 'b', '\uffee', '\u{1F600}']);
    expect(await ids('startkey="a"&endkey="b"')).toEqual(['a', 'ab', 'b']);
    expect(await ids('startkey="a"&endkey="b"&inclusive_end=false')).toEqual(['a', 'ab']);
    expect(await ids('startkey="aa"&limit=2')).toEqual(['ab', 'b']);
    const { text } = await call('POST', '/db/_all_docs', '{"keys":["b","none"]}');
    expect(JSON.parse(text)).toMatchObject({ rows: [{ id: 'b' }, { key: 'none', error: 'not_found' }] });
  });
});

describe('queries', () => {
  beforeEach(async () => {
    await call('PUT', '/db');
    const documents = [1, 2, 3, 10].map((n) => ({
      _id: `d${n}`,
      n,
      doc_type: n % 2 === 0 ? 'even' : 'odd',
      in: { tags: [`t${n}`, 'all'] },
    }));
    await call('POST', '/db/_bulk_docs', JSON.stringify({ docs: documents }));
  });

  it.each([
    ['{"doc_type":"even"}', ['d10', 'd2']],
    ['{"n":{"$gte":2,"$lt":10}}', ['d2', 'd3']],
    ['{"$or":[{"n":1},{"n":{"$eq":3}}]}', ['d1', 'd3']],
    ['{"n":{"$in":[3,4]}}', ['d3']],
    ['{"n":{"$nin":[1,2]}}', ['d10', 'd3']],
    ['{"in.tags":{"$in":["t2"]}}', ['d2']],
    ['{"in.tags":{"$all":["all","t3"]}}', ['d3']],
    ['{"in.tags":{"$elemMatch":{"$eq":"t1"}}}', ['d1']],
    ['{"none":{"$exists":false},"doc_type":{"$ne":"even"}}', ['d1', 'd3']],
    ['{"doc_type":{"$regex":"^ev"},"$not":{"n":2}}', ['d10']],
    ['{"n":{"$gt":"1"}}', []],
  ])('select by %s', async (selector, expected) => {
    const { docs } = await find({ selector: JSON.parse(selector) as unknown });
    expect(docs.map(({ _id }) => _id)).toEqual(expected);
  });

  it('sort, choose fields, and go on at a bookmark', async () => {
    const query = { selector: {}, sort: [{ n: 'desc' }], fields: ['n', 'in.tags'], limit: 3 };
    const first = await find(query);
    expect(first.docs).toEqual([10, 3, 2].map((n) => ({ n, in: { tags: [`t${n}`, 'all'] } })));
    const second = await find({ ...query, bookmark: first.bookmark });
    expect(second.docs).toEqual([{ n: 1, in: { tags: ['t1', 'all'] } }]);
    expect(await find({ ...query, bookmark: second.bookmark })).toEqual({ docs: [], bookmark: 'nil' });
  });

  it('refuse operators that they do not know', async () => {
    expect(await call('POST', '/db/_find', '{"selector":{"n":{"$near":1}}}')).toMatchObject({ status: 400 });
  });
});
