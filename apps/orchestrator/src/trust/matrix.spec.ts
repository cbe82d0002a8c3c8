// Real certificates against a listener with mutual TLS and MSP id verification: what a client meets, and what the
// operator reads of it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { credentials as clientCredentials, status } from '@grpc/grpc-js';
import 'reflect-metadata';
import { ExtendedKeyUsage, Extension, KeyUsageFlags, SubjectAlternativeNameExtension } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TlsConfig } from '../config/config.ts';
import { eventually, startTestServer } from '../grpc/spec-support.ts';
import type { TestServer } from '../grpc/spec-support.ts';
import { RecordingLog } from '../log/spec-support.ts';
import { ClientAuthorities } from './client-authorities.ts';
import { ClientCertificateVerifier } from './client-certificates.ts';
import { openTrust } from './open-trust.ts';
import { exportKey, issueAuthority, issueCertificate, newAuthority, toPem } from '../config/spec-support.ts';
import type { Authority, CertificateOptions } from '../config/spec-support.ts';

const QUERY_VERSION = '/orchestrator.InfoService/QueryVersion';
const SUBJECT = 'CN=backend,O=MyOrg1MSP';

type World = Awaited<ReturnType<typeof makeWorld>>;

const stack = new AsyncDisposableStack();
let world: World;
let tls: TlsConfig;
let verifier: ClientCertificateVerifier;

async function makeWorld() {
  const org1 = await newAuthority('CN=Org1 root');
  const org2 = await newAuthority('CN=Org2 root');
  const shallow = await newAuthority('CN=Org1 shallow root', { ca: 0 });
  return {
    org1,
    org2,
    next: await newAuthority('CN=Org1 next root', { algorithm: 'RSA-2048' }),
    ended: await newAuthority('CN=Org1 ended root', { fromDays: -3, toDays: -2 }),
    department: await issueAuthority('CN=Org1 department', { signer: org1 }),
    below: await issueAuthority('CN=Org1 below shallow', { signer: shallow }),
    shallow,
    borrowed: await issueAuthority('CN=Org1 borrowed', { signer: org2 }),
    mute: await issueAuthority('CN=Org1 mute', { signer: org1, keyUsage: KeyUsageFlags.digitalSignature }),
    forServers: await issueAuthority('CN=Org1 servers', { signer: org1, extendedKeyUsage: [ExtendedKeyUsage.serverAuth] }),
    weak: await issueAuthority('CN=Org1 weak', { signer: org1, algorithm: 'RSA-1024' }),
    // Permitted subtrees: the DNS name "a".
    named: await issueAuthority('CN=Org1 named', {
      signer: org1,
      more: [new Extension('2.5.29.30', true, Buffer.from('3007a00530038201 61'.replace(' ', ''), 'hex'))],
    }),
    stranger: await newAuthority('CN=Stranger'),
    namesake: await newAuthority('CN=Org1 root'),
  };
}

beforeAll(async () => {
  world = await makeWorld();
  const folder = mkdtempSync(join(tmpdir(), 'orchestrator-matrix-'));
  stack.defer(() => rmSync(folder, { recursive: true }));
  const { org1, org2, next, ended, department, shallow, below, borrowed, mute, forServers, weak, named } = world;
  const own = [org1, next, ended, department, shallow, below, borrowed, mute, forServers, weak, named];
  for (const [mspid, list] of [
    ['MyOrg1MSP', own],
    ['MyOrg2MSP', [org2]],
  ] as const) {
    mkdirSync(join(folder, 'cas', mspid), { recursive: true });
    for (const [index, one] of list.entries()) writeFileSync(join(folder, 'cas', mspid, `${index}.crt`), toPem(one));
  }
  const identity = await issueCertificate('CN=localhost', {
    signer: org2,
    more: [new SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  });
  writeFileSync(join(folder, 'server.crt'), toPem(identity));
  writeFileSync(join(folder, 'server.key'), await exportKey(identity));
  tls = {
    enabled: true,
    certPath: join(folder, 'server.crt'),
    keyPath: join(folder, 'server.key'),
    mtls: true,
    clientCaCertDir: join(folder, 'cas'),
    verifyClientMspId: true,
  };
  const dir = join(folder, 'cas');
  const authorities = stack.use(await ClientAuthorities.open({ dir, log: new RecordingLog() }));
  verifier = new ClientCertificateVerifier(authorities);
});

afterAll(() => stack.disposeAsync());

/** A server of its own for each case: clients that are refused come again, and the log must be theirs alone. */
async function startServer(): Promise<{ readonly server: TestServer; readonly log: RecordingLog } & AsyncDisposable> {
  const own = new AsyncDisposableStack();
  const log = new RecordingLog();
  const { credentials, verifier: used } = await openTrust({ tls, log, stack: own });
  const channels = { isMember: () => 'ok' as const };
  const server = own.use(await startTestServer({ credentials, verifier: used, channels, log }));
  return { server, log, [Symbol.asyncDispose]: () => own.disposeAsync() };
}

/** How a call with the certificate ends: OK, refused by us, or by the TLS library before there is a call. */
async function call(
  server: TestServer,
  { client, mspid = 'MyOrg1MSP' }: { readonly client: Authority | undefined; readonly mspid?: string },
): Promise<'OK' | 'denied' | 'handshake'> {
  const [key, cert] =
    client === undefined ? [null, null] : [Buffer.from(await exportKey(client)), Buffer.from(toPem(client))];
  const credentials = clientCredentials.createSsl(Buffer.from(toPem(world.org2)), key, cert);
  const connection = server.connect({}, credentials);
  const outcome = await connection.unary(QUERY_VERSION, { headers: { mspid, channel: 'mychannel' } });
  if (outcome.code === status.OK) return 'OK';
  if (outcome.code === status.PERMISSION_DENIED && outcome.details.startsWith('OE0102')) return 'denied';
  expect(outcome.code, outcome.details).toBe(status.UNAVAILABLE);
  return 'handshake';
}

interface Row {
  readonly what: string;
  readonly make: (world: World) => CertificateOptions & { readonly subject?: string };
  readonly mspid?: string;
  /** The rule by which the verification alone refuses it. */
  readonly rule?: string;
  /** What the TLS library says, when it refuses first. */
  readonly handshake?: string;
}

/** The TLS library has reasons without names. */
const UNNAMED = 'UNSPECIFIED';
const NO_PATH = 'UNABLE_TO_VERIFY_LEAF_SIGNATURE';

const rows: readonly Row[] = [
  { what: 'the right one', make: ({ org1 }) => ({ signer: org1 }) },
  { what: 'with the usages of a client', make: ({ org1 }) => ({ signer: org1, keyUsage: KeyUsageFlags.digitalSignature, extendedKeyUsage: [ExtendedKeyUsage.clientAuth] }) },
  { what: 'of the next CA, beside the first', make: ({ next }) => ({ signer: next }) },
  { what: 'of an intermediate CA', make: ({ department }) => ({ signer: department }) },
  { what: 'of a CA that may have no CA below', make: ({ shallow }) => ({ signer: shallow }) },
  { what: 'with an RSA key', make: ({ org1 }) => ({ signer: org1, algorithm: 'RSA-2048' }) },
  { what: 'with an Ed25519 key', make: ({ org1 }) => ({ signer: org1, algorithm: 'Ed25519' }) },
  { what: 'expired', make: ({ org1 }) => ({ signer: org1, fromDays: -3, toDays: -2 }), rule: 'validity', handshake: 'CERT_HAS_EXPIRED' },
  { what: 'not yet valid', make: ({ org1 }) => ({ signer: org1, fromDays: 1, toDays: 2 }), rule: 'validity', handshake: 'CERT_NOT_YET_VALID' },
  { what: 'of an expired CA', make: ({ ended }) => ({ signer: ended }), rule: 'validity', handshake: 'CERT_HAS_EXPIRED' },
  { what: 'of a foreign CA with the right name', make: ({ namesake }) => ({ signer: namesake }), rule: 'issuer', handshake: NO_PATH },
  { what: 'of a foreign CA', make: ({ stranger }) => ({ signer: stranger }), rule: 'issuer', handshake: NO_PATH },
  { what: 'of the right CA with the wrong organization', make: ({ org1 }) => ({ signer: org1, subject: 'CN=backend,O=MyOrg2MSP' }), rule: 'organization' },
  { what: 'of the right CA without an organization', make: ({ org1 }) => ({ signer: org1, subject: 'CN=MyOrg1MSP' }), rule: 'organization' },
  { what: "of another organization's CA", make: ({ org2 }) => ({ signer: org2 }), rule: 'issuer' },
  { what: "of another organization's CA, with name and key id of the right one", make: ({ org1, org2 }) => ({ signer: org2, named: org1 }), rule: 'issuer', handshake: 'CERT_SIGNATURE_FAILURE' },
  { what: "of another organization's CA, with the key id of the right one", make: ({ org1, org2 }) => ({ signer: org2, keyIdOf: org1 }), rule: 'issuer', handshake: NO_PATH },
  { what: 'of the right CA, with the key id of another', make: ({ org1, org2 }) => ({ signer: org1, keyIdOf: org2 }), rule: 'issuer-name', handshake: NO_PATH },
  { what: "of an intermediate CA whose root is another organization's", make: ({ borrowed }) => ({ signer: borrowed }), rule: 'root' },
  { what: 'of a CA too far below', make: ({ below }) => ({ signer: below }), rule: 'path-length', handshake: 'PATH_LENGTH_EXCEEDED' },
  { what: 'of a CA that may not sign certificates', make: ({ mute }) => ({ signer: mute }), rule: 'ca-constraint', handshake: UNNAMED },
  { what: 'of a CA for servers', make: ({ forServers }) => ({ signer: forServers }), rule: 'extended-key-usage', handshake: 'INVALID_PURPOSE' },
  { what: 'of a CA with a weak key', make: ({ weak }) => ({ signer: weak }), rule: 'key-strength', handshake: UNNAMED },
  { what: 'of a CA that is limited by names', make: ({ named }) => ({ signer: named }), rule: 'extensions' },
  { what: 'signed with SHA-1', make: ({ org1 }) => ({ signer: org1, hash: 'SHA-1' }), rule: 'signature-algorithm', handshake: UNNAMED },
  { what: 'with a wrong key usage', make: ({ org1 }) => ({ signer: org1, keyUsage: KeyUsageFlags.keyEncipherment }), rule: 'key-usage', handshake: 'INVALID_PURPOSE' },
  { what: 'of a server', make: ({ org1 }) => ({ signer: org1, extendedKeyUsage: [ExtendedKeyUsage.serverAuth] }), rule: 'extended-key-usage', handshake: 'INVALID_PURPOSE' },
  { what: 'of a CA', make: ({ org1 }) => ({ signer: org1, ca: true }), rule: 'end-entity' },
  { what: 'with an unknown critical extension', make: ({ org1 }) => ({ signer: org1, more: [new Extension('1.2.3.4', true, Buffer.from('0500', 'hex'))] }), rule: 'extensions', handshake: UNNAMED },
];

describe('a client certificate', () => {
  it.each(rows)('$what', async ({ make, mspid = 'MyOrg1MSP', rule, handshake }) => {
    const { subject = SUBJECT, ...options } = make(world);
    const client = await issueCertificate(subject, options);
    const verdict = verifier.verify(mspid, new Uint8Array(client.certificate.rawData));
    expect(verdict).toMatchObject(rule === undefined ? { accepted: true } : { accepted: false, rule });
    await using running = await startServer();
    const { server, log } = running;
    const wire = await call(server, { client, mspid });
    if (handshake === undefined) {
      expect(wire).toBe(rule === undefined ? 'OK' : 'denied');
      if (rule !== undefined) expect(refusals(log)).toEqual([expect.objectContaining({ rule, mspid, requestId: expect.any(String) as unknown })]);
    } else {
      expect(wire).toBe('handshake');
      await eventually(() => refusals(log).length > 0);
      expect(refusals(log)[0]).toMatchObject({ rule: handshake, remoteAddress: expect.stringMatching(/127\.0\.0\.1|::1/u) as unknown });
    }
  });

  it('signed by itself', async () => {
    const client = await newAuthority(SUBJECT, { ca: false, keyUsage: KeyUsageFlags.digitalSignature });
    expect(verifier.verify('MyOrg1MSP', new Uint8Array(client.certificate.rawData))).toMatchObject({ rule: 'issuer' });
    await using running = await startServer();
    const { server, log } = running;
    expect(await call(server, { client })).toBe('handshake');
    await eventually(() => refusals(log).length > 0);
    expect(refusals(log)[0]).toMatchObject({ rule: 'DEPTH_ZERO_SELF_SIGNED_CERT' });
  });

  it('with a weak key', async () => {
    const client = await issueCertificate(SUBJECT, { signer: world.org1, algorithm: 'RSA-1024' });
    expect(verifier.verify('MyOrg1MSP', new Uint8Array(client.certificate.rawData))).toMatchObject({ rule: 'key-strength' });
    await using running = await startServer();
    const { server, log } = running;
    const identity = { cert: toPem(client), key: await exportKey(client), ca: toPem(world.org2) };
    // A client that takes such keys itself.
    const socket = connect({ host: 'localhost', port: server.port, ...identity, ciphers: 'DEFAULT@SECLEVEL=0', ALPNProtocols: ['h2'] });
    socket.on('error', () => undefined);
    await eventually(() => refusals(log).length > 0);
    socket.destroy();
    expect(refusals(log)[0]).toMatchObject({ rule: UNNAMED });
  });

  it('that is missing', async () => {
    await using running = await startServer();
    const { server, log } = running;
    expect(await call(server, { client: undefined })).toBe('handshake');
    await eventually(() => refusals(log).length > 0);
    expect(refusals(log)[0]).toMatchObject({ rule: 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE' });
  });
});

function refusals(log: RecordingLog): readonly Readonly<Record<string, unknown>>[] {
  return log.entries
    .filter(({ level, message }) => level === 'info' && /refused/u.test(message))
    .map(({ fields }) => fields);
}
