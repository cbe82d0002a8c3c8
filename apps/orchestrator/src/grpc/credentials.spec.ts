import type { webcrypto } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { credentials as clientCredentials, status } from '@grpc/grpc-js';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientVerifier } from './caller.ts';
import { openTlsIdentity } from './credentials.ts';
import type { TlsSettings } from './credentials.ts';
import { ClientAuthorities } from '../trust/client-authorities.ts';
import { createFakeLog, eventually, startTestServer } from './spec-support.ts';
import type { LogEntry, TestServer } from './spec-support.ts';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const queryVersion = '/orchestrator.InfoService/QueryVersion';

/** A certificate with its key; made by another one, or by itself. */
interface Pair {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
  readonly cert: string;
  readonly key: string;
}

async function makePair(name: string, issuer?: Pair): Promise<Pair> {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: name,
    issuer: issuer?.certificate.subject ?? name,
    publicKey: keys.publicKey,
    signingKey: (issuer?.keys ?? keys).privateKey,
    signingAlgorithm: algorithm,
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Date.now() + 3_600_000),
    extensions: [
      new x509.BasicConstraintsExtension(issuer === undefined, undefined, true),
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }]),
    ],
  });
  const exported = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  const key = x509.PemConverter.encode(exported, 'PRIVATE KEY');
  return { certificate, keys, cert: certificate.toString('pem'), key };
}

let dir: string;
let settings: TlsSettings;
let serverCa: Pair;
let stack: AsyncDisposableStack;
let logEntries: LogEntry[];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'orchestrator-tls-'));
  serverCa = await makePair('CN=server-ca');
  settings = { certPath: join(dir, 'tls.crt'), keyPath: join(dir, 'tls.key') };
  await writeServerFiles('CN=first');
  stack = new AsyncDisposableStack();
  logEntries = [];
});

afterEach(async () => {
  await stack.disposeAsync();
  await rm(dir, { recursive: true });
});

async function writeServerFiles(name: string): Promise<void> {
  const pair = await makePair(name, serverCa);
  await writeFile(settings.certPath, pair.cert);
  await writeFile(settings.keyPath, pair.key);
}

async function start(clientCaCertDir?: string, verifier?: ClientVerifier): Promise<TestServer> {
  const log = createFakeLog(logEntries);
  const clientAuthorities =
    clientCaCertDir && stack.use(await ClientAuthorities.open({ dir: clientCaCertDir, log, intervalMs: 50 }));
  const identity = stack.use(
    await openTlsIdentity({ settings, log, intervalMs: 50, ...(clientAuthorities && { clientAuthorities }) }),
  );
  return stack.use(await startTestServer({ credentials: identity.credentials, verifier }));
}

async function callWith(server: TestServer, client?: Pair): Promise<status> {
  const identity = client === undefined ? [null, null] : [Buffer.from(client.key), Buffer.from(client.cert)];
  const [key = null, cert = null] = identity;
  const credentials = clientCredentials.createSsl(Buffer.from(serverCa.cert), key, cert);
  return (await server.connect({}, credentials).unary(queryVersion)).code;
}

/** The common name in the certificate that new connections get. */
async function servedName(server: TestServer, options: { readonly maxVersion?: 'TLSv1.1' | 'TLSv1.2' } = {}): Promise<unknown> {
  const socket = connect({ host: 'localhost', port: server.port, ca: serverCa.cert, ALPNProtocols: ['h2'], minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', ...options });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

describe('TLS', () => {
  it('serves those who trust the CA, from version 1.2 on', async () => {
    const server = await start();
    expect(await callWith(server)).toBe(status.OK);
    expect((await server.client.unary(queryVersion)).code).toBe(status.UNAVAILABLE);
    expect(await servedName(server, { maxVersion: 'TLSv1.2' })).toBe('first');
    await expect(servedName(server, { maxVersion: 'TLSv1.1' })).rejects.toThrow('protocol version');
  });

  it('follows the files, and keeps what it has when they are broken', async () => {
    const server = await start();
    expect(await servedName(server)).toBe('first');
    await writeServerFiles('CN=second');
    for (let tries = 0; tries < 100 && (await servedName(server)) !== 'second'; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(await servedName(server)).toBe('second');
    await writeFile(settings.keyPath, 'no key');
    await eventually(() => logEntries.some(([level]) => level === 'warn'));
    expect(await servedName(server)).toBe('second');
    expect(await callWith(server)).toBe(status.OK);
  });

  it.each([
    ['a missing file', () => unlink(settings.keyPath), 'ENOENT'],
    ['a file that is no certificate', () => writeFile(settings.certPath, 'nothing'), 'PEM'],
    ['the key of another certificate', async () => writeFile(settings.keyPath, (await makePair('CN=x')).key), 'key values mismatch'],
  ])('does not start with %s', async (_, spoil, message) => {
    await spoil();
    await expect(start()).rejects.toThrow(message);
  });
});

describe('mutual TLS', () => {
  it('wants a client certificate of one of the CAs, old or new', async () => {
    const [orgCa, laterCa, strangerCa] = await Promise.all(['CN=org', 'CN=later', 'CN=stranger'].map((name) => makePair(name)));
    if (orgCa === undefined || laterCa === undefined || strangerCa === undefined) throw new Error('no CAs');
    const clientCaCertDir = join(dir, 'cas');
    // As Kubernetes mounts a secret: the folder's files are links into a hidden one.
    await mkdir(join(clientCaCertDir, 'MyOrg1MSP', '..data'), { recursive: true });
    await writeFile(join(clientCaCertDir, 'MyOrg1MSP', '..data', 'ca.crt'), orgCa.cert);
    await symlink(join('..data', 'ca.crt'), join(clientCaCertDir, 'MyOrg1MSP', 'ca.crt'));
    const server = await start(clientCaCertDir);
    const laterClient = await makePair('CN=c3, O=MyOrg1MSP', laterCa);
    expect(await callWith(server, await makePair('CN=c1, O=MyOrg1MSP', orgCa))).toBe(status.OK);
    expect(await callWith(server, await makePair('CN=c2, O=MyOrg1MSP', strangerCa))).toBe(status.UNAVAILABLE);
    expect(await callWith(server)).toBe(status.UNAVAILABLE);
    expect(await callWith(server, laterClient)).toBe(status.UNAVAILABLE);
    await mkdir(join(clientCaCertDir, 'MyOrg2MSP'));
    await writeFile(join(clientCaCertDir, 'MyOrg2MSP', 'ca.der'), Buffer.from(laterCa.certificate.rawData));
    let code = status.UNAVAILABLE;
    for (let tries = 0; tries < 100 && code !== status.OK; tries += 1) {
      code = await callWith(server, laterClient);
    }
    expect(code).toBe(status.OK);
  });

  it('shows the client certificate to the verifier', async () => {
    const orgCa = await makePair('CN=org');
    const clientCaCertDir = join(dir, 'cas');
    await mkdir(join(clientCaCertDir, 'MyOrg1MSP'), { recursive: true });
    await writeFile(join(clientCaCertDir, 'MyOrg1MSP', 'ca.crt'), orgCa.cert);
    const seen: unknown[] = [];
    const server = await start(clientCaCertDir, {
      verify: (mspid, certificate) => {
        seen.push([mspid, Buffer.from(certificate ?? []).toString('hex')]);
        return { accepted: false, rule: 'weekday', reason: 'not today' };
      },
    });
    const client = await makePair('CN=c1, O=MyOrg1MSP', orgCa);
    expect(await callWith(server, client)).toBe(status.PERMISSION_DENIED);
    expect(seen).toEqual([['MyOrg1MSP', Buffer.from(client.certificate.rawData).toString('hex')]]);
    expect(server.logEntries.map(([, { reason }]) => reason)).toContain('not today');
  });
});
