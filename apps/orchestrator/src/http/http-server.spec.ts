import { connect } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { formatAddress } from '../config/address.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { HttpServer } from './http-server.ts';
import type { HttpServerOptions, Readiness } from './http-server.ts';

const open = new Set<HttpServer>();
const log = new RecordingLog();

afterEach(async () => {
  await Promise.all([...open].map((server) => server[Symbol.asyncDispose]()));
  open.clear();
  log.entries.length = 0;
});

async function start(
  options: Partial<HttpServerOptions> = {},
): Promise<{ readonly server: HttpServer; readonly ask: (path: string, init?: RequestInit) => Promise<Response> }> {
  const server = await HttpServer.listen({
    address: { host: '127.0.0.1', port: 0 },
    readiness: () => ({ ready: true }),
    log,
    ...options,
  });
  open.add(server);
  const base = `http://${formatAddress(server.address)}`;
  return { server, ask: (path, init) => fetch(`${base}${path}`, { ...init, signal: AbortSignal.timeout(5000) }) };
}

test('alive whatever the readiness', async () => {
  const { ask } = await start({ readiness: () => ({ ready: false }) });
  const response = await ask('/healthz');
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'alive' });
});

test('readiness is told as it is now, with details', async () => {
  let readiness: Readiness = { ready: false, detail: { store: 'unreachable' } };
  const { ask } = await start({ readiness: () => readiness });
  const away = await ask('/readyz');
  expect(away.status).toBe(503);
  expect(away.headers.get('cache-control')).toBe('no-store');
  expect(await away.json()).toEqual({ status: 'not ready', store: 'unreachable' });
  readiness = { ready: true };
  const back = await ask('/readyz?verbose');
  expect(back.status).toBe(200);
  expect(await back.json()).toEqual({ status: 'ready' });
});

test('metrics are there when they are enabled', async () => {
  const metrics = { contentType: 'text/plain; version=0.0.4', render: () => Promise.resolve('orc 1\n') };
  const enabled = await (await start({ metrics })).ask('/metrics');
  expect(enabled.status).toBe(200);
  expect(enabled.headers.get('content-type')).toBe('text/plain; version=0.0.4');
  expect(await enabled.text()).toBe('orc 1\n');
  expect((await (await start()).ask('/metrics')).status).toBe(404);
});

test('other paths and methods are refused', async () => {
  const { ask } = await start();
  expect((await ask('/')).status).toBe(404);
  expect((await ask('/readyz/x')).status).toBe(404);
  const post = await ask('/readyz', { method: 'POST' });
  expect(post.status).toBe(405);
  expect(post.headers.get('allow')).toBe('GET, HEAD');
  const head = await ask('/readyz', { method: 'HEAD' });
  expect(head.status).toBe(200);
  expect(await head.text()).toBe('');
});

test('a failure inside is masked and logged', async () => {
  const { ask } = await start({
    metrics: { contentType: 'text/plain', render: () => Promise.reject(new Error('secret')) },
  });
  const response = await ask('/metrics');
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  expect(log.messages('error')).toHaveLength(1);
});

test('a taken port is an error at start', async () => {
  const { server } = await start();
  await expect(HttpServer.listen({ address: server.address, readiness: () => ({ ready: true }), log })).rejects.toThrow(
    /EADDRINUSE/,
  );
});

test('the end does not wait for idle or silent clients, and may come twice', async () => {
  const { server, ask } = await start();
  await ask('/healthz');
  const silent = connect(server.address.port, '127.0.0.1');
  await new Promise((resolve) => silent.once('connect', resolve));
  const gone = new Promise((resolve) => silent.once('close', resolve));
  silent.on('error', () => undefined);
  await server[Symbol.asyncDispose]();
  await gone;
  await server[Symbol.asyncDispose]();
  await expect(ask('/healthz')).rejects.toThrow();
});
