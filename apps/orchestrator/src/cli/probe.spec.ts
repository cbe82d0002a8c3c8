import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { Server as NetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { effectiveValues } from '../config/build-config.ts';
import type { EffectiveValues } from '../config/build-config.ts';
import { readEnvironment } from '../config/environment.ts';
import type { Variables } from '../config/environment.ts';
import { exportKey, issueCertificate, newAuthority } from '../config/spec-support.ts';
import { HttpServer } from '../http/http-server.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { probeGrpc, probeHttp } from './probe.ts';

const TIMEOUT_MS = 5000;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function valuesFor(name: 'HTTP' | 'GRPC', address: string): EffectiveValues {
  return effectiveValues(readEnvironment({ [`ORCHESTRATOR_${name}_ADDRESS`]: address }).values);
}

/** Takes connections and says nothing. */
async function startSilence(): Promise<number> {
  const server: NetServer = createServer((socket) => void closing.push(() => socket.destroy()));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function startHealth(answer: number, credentials = ServerCredentials.createInsecure()): Promise<number> {
  const server = new Server();
  server.addService(
    {
      Check: {
        path: '/grpc.health.v1.Health/Check',
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (bytes: Buffer) => bytes,
        responseSerialize: (value: Buffer) => value,
        responseDeserialize: (bytes: Buffer) => bytes,
      },
    },
    {
      Check: (_call: unknown, callback: (error: null, value: Buffer) => void) =>
        callback(null, Buffer.from([8, answer])),
    },
  );
  closing.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
  });
}

test.each([
  [true, 'ready'],
  [false, 'not ready'],
])('over HTTP, /readyz decides: %s', async (ready, word) => {
  const server = await HttpServer.listen({
    address: { host: '127.0.0.1', port: 0 },
    readiness: () => ({ ready }),
    log: new RecordingLog(),
  });
  closing.push(() => server[Symbol.asyncDispose]());
  const result = await probeHttp(valuesFor('HTTP', `0.0.0.0:${server.address.port}`), TIMEOUT_MS);
  expect(result.ready).toBe(ready);
  expect(result.message).toContain(`"${word}"`);
});

test.each([
  [1, true, 'SERVING'],
  [2, false, 'NOT_SERVING'],
  [3, false, 'SERVICE_UNKNOWN'],
])('over gRPC, health decides: %i', async (answer, ready, name) => {
  const port = await startHealth(answer);
  const result = await probeGrpc(valuesFor('GRPC', `:${port}`), TIMEOUT_MS);
  expect(result).toEqual({ ready, message: `127.0.0.1:${port}: ${name}` });
});

describe('TLS', () => {
  let folder = '';
  const at = (name: string): string => join(folder, name);

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'orchestrator-probe-'));
    const ca = await newAuthority('CN=ca');
    const server = await issueCertificate('CN=orchestrator.example', { signer: ca });
    writeFileSync(at('ca.crt'), ca.certificate.toString('pem'));
    writeFileSync(at('other-ca.crt'), (await newAuthority('CN=other')).certificate.toString('pem'));
    writeFileSync(at('tls.crt'), server.certificate.toString('pem'));
    writeFileSync(at('tls.key'), await exportKey(server));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  async function probeTls(variables: Variables, { mutual }: { readonly mutual: boolean }): Promise<boolean> {
    const pair = { cert_chain: readFileSync(at('tls.crt')), private_key: readFileSync(at('tls.key')) };
    const port = await startHealth(1, ServerCredentials.createSsl(readFileSync(at('ca.crt')), [pair], mutual));
    const { values } = readEnvironment({
      ORCHESTRATOR_GRPC_ADDRESS: `127.0.0.1:${port}`,
      ORCHESTRATOR_TLS_ENABLED: 'true',
      ORCHESTRATOR_TLS_CERT_PATH: at('tls.crt'),
      ORCHESTRATOR_TLS_KEY_PATH: at('tls.key'),
      ...variables,
    });
    return (await probeGrpc(effectiveValues(values), TIMEOUT_MS)).ready;
  }

  test("the server's CA checks its certificate when it is known", async () => {
    expect(await probeTls({}, { mutual: false })).toBe(true);
    expect(await probeTls({ ORCHESTRATOR_TLS_SERVER_CA_CERT: at('ca.crt') }, { mutual: false })).toBe(true);
    expect(await probeTls({ ORCHESTRATOR_TLS_SERVER_CA_CERT: at('other-ca.crt') }, { mutual: false })).toBe(false);
  });

  test("where a client certificate is required, the server's own is shown", async () => {
    expect(await probeTls({ ORCHESTRATOR_MTLS_ENABLED: 'true' }, { mutual: true })).toBe(true);
    expect(await probeTls({}, { mutual: true })).toBe(false);
  });

  test('a file that is not there', async () => {
    expect(await probeTls({ ORCHESTRATOR_TLS_SERVER_CA_CERT: at('nothing') }, { mutual: false })).toBe(false);
  });
});

test('a server that says nothing is not ready once the time is over', async () => {
  const port = await startSilence();
  expect(await probeHttp(valuesFor('HTTP', `127.0.0.1:${port}`), 50)).toMatchObject({ ready: false });
  expect(await probeGrpc(valuesFor('GRPC', `127.0.0.1:${port}`), 50)).toMatchObject({ ready: false });
});

test('no server, and a port that nobody knows', async () => {
  expect(await probeHttp(valuesFor('HTTP', '127.0.0.1:1'), TIMEOUT_MS)).toEqual({
    ready: false,
    message: '127.0.0.1:1: connect ECONNREFUSED 127.0.0.1:1',
  });
  expect(await probeGrpc(valuesFor('GRPC', '127.0.0.1:1'), TIMEOUT_MS)).toMatchObject({ ready: false });
  expect(await probeHttp(valuesFor('HTTP', '127.0.0.1:0'), TIMEOUT_MS)).toMatchObject({
    ready: false,
    message: expect.stringContaining('free port') as unknown,
  });
});
