import { mkdtempSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RecordingLog } from '../log/spec-support.ts';
import { ClientAuthorities } from './client-authorities.ts';
import { ClientCertificateVerifier } from './client-certificates.ts';
import { issueCertificate, newAuthority, toPem } from '../config/spec-support.ts';
import type { Authority, CertificateOptions } from '../config/spec-support.ts';

const WAIT = { timeout: 5000, interval: 20 };
const SHORT_MS = 20;

let folder = '';
const log = new RecordingLog();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'orchestrator-cas-'));
  log.entries.length = 0;
});

afterEach(() => rmSync(folder, { recursive: true }));

/** A client certificate, DER. */
async function issue(subject: string, options: CertificateOptions): Promise<Uint8Array> {
  return new Uint8Array((await issueCertificate(subject, options)).certificate.rawData);
}

function install(mspid: string, ...authorities: readonly Authority[]): void {
  mkdirSync(join(folder, mspid), { recursive: true });
  writeFileSync(
    join(folder, mspid, 'ca.crt'),
    toPem(...authorities),
  );
}

async function open(): Promise<ClientCertificateVerifier & AsyncDisposable> {
  const authorities = await ClientAuthorities.open({ dir: folder, log, intervalMs: SHORT_MS });
  return Object.assign(new ClientCertificateVerifier(authorities), {
    [Symbol.asyncDispose]: () => authorities[Symbol.asyncDispose](),
  });
}

test("a certificate of the organization's own CA speaks for it, again and again", async () => {
  const ca = await newAuthority('CN=Org1 CA');
  install('MyOrg1MSP', await newAuthority('CN=Older CA'), ca);
  await using verifier = await open();
  const client = await issue('O=MyOrg1MSP,CN=backend', { signer: ca });
  expect(verifier.verify('MyOrg1MSP', client)).toEqual({ accepted: true });
  expect(verifier.verify('MyOrg1MSP', client)).toEqual({ accepted: true });
  expect(verifier.verify('MyOrg2MSP', client)).toMatchObject({ accepted: false });
});

test('several organizations, in one name or in several, may be in the subject', async () => {
  const ca = await newAuthority('CN=CA');
  install('MyOrg1MSP', ca);
  install('MyOrg2MSP', ca);
  await using verifier = await open();
  for (const subject of ['O=MyOrg1MSP,O=MyOrg2MSP,CN=x', 'O=MyOrg1MSP+O=MyOrg2MSP']) {
    const client = await issue(subject, { signer: ca });
    expect(verifier.verify('MyOrg1MSP', client)).toEqual({ accepted: true });
    expect(verifier.verify('MyOrg2MSP', client)).toEqual({ accepted: true });
  }
});

test.each([
  ['another organization', 'O=MyOrg2MSP,CN=x'],
  ['no organization', 'CN=MyOrg1MSP'],
  ['an organization inside a common name', String.raw`CN=x\0AO\=MyOrg1MSP`],
  ['an organization inside an organization', String.raw`O=MyOrg2MSP\, O\=MyOrg1MSP`],
  ['a longer name', 'O=MyOrg1MSP2'],
  ['another case', 'O=myorg1msp'],
])('the subject names %s', async (_what, subject) => {
  const ca = await newAuthority('CN=CA');
  install('MyOrg1MSP', ca);
  await using verifier = await open();
  expect(verifier.verify('MyOrg1MSP', await issue(subject, { signer: ca }))).toEqual({
    accepted: false,
    rule: 'organization',
    reason: '"MyOrg1MSP" is no organization (O=) of the client certificate',
  });
});

test("a certificate of another organization's CA is refused, whatever it claims", async () => {
  const [mine, theirs] = [await newAuthority('CN=CA of Org1'), await newAuthority('CN=CA of Org2')];
  const namesake = await newAuthority('CN=CA of Org1');
  install('MyOrg1MSP', mine);
  install('MyOrg2MSP', theirs);
  await using verifier = await open();
  for (const client of [
    await issue('O=MyOrg1MSP', { signer: theirs }),
    await issue('O=MyOrg1MSP', { signer: theirs, named: mine }),
    await issue('O=MyOrg1MSP', { signer: namesake }),
  ]) {
    expect(verifier.verify('MyOrg1MSP', client)).toEqual({
      accepted: false,
      rule: 'issuer',
    reason: 'the client certificate is signed by no CA of "MyOrg1MSP"',
    });
  }
});

test('a certificate out of its time is refused, and so is that of a CA out of its time', async () => {
  const [ca, old] = [await newAuthority('CN=CA'), await newAuthority('CN=Old CA', { fromDays: -3, toDays: -2 })];
  install('MyOrg1MSP', ca, old);
  await using verifier = await open();
  for (const times of [
    { fromDays: -3, toDays: -2 },
    { fromDays: 1, toDays: 2 },
  ]) {
    expect(verifier.verify('MyOrg1MSP', await issue('O=MyOrg1MSP', { signer: ca, ...times }))).toEqual({
      accepted: false,
      rule: 'validity',
    reason: 'the client certificate is not valid at this time',
    });
  }
  expect(verifier.verify('MyOrg1MSP', await issue('O=MyOrg1MSP', { signer: old }))).toEqual({
    accepted: false,
    rule: 'validity',
    reason: 'the CA certificate "CN=Old CA" is not valid at this time',
  });
});

test('what is no CA signs nothing, and useless files are told', async () => {
  const leaf = await newAuthority('CN=Leaf', { ca: false });
  install('MyOrg1MSP', leaf);
  install('MyOrg2MSP', await newAuthority('CN=CA'));
  writeFileSync(join(folder, 'MyOrg1MSP', 'notes.txt'), 'hello');
  await using verifier = await open();
  expect(verifier.verify('MyOrg1MSP', await issue('O=MyOrg1MSP', { signer: leaf }))).toEqual({
    accepted: false,
    rule: 'organization-has-ca',
    reason: 'there is no CA certificate of "MyOrg1MSP"',
  });
  expect(log.messages('warn')).toEqual([
    expect.stringMatching(/ca\.crt has a certificate that is no CA/),
    expect.stringMatching(/notes\.txt is no certificate/),
    expect.stringMatching(/MyOrg1MSP has no CA certificate/),
  ]);
});

test('no certificate, a broken one, and an organization without a folder', async () => {
  const ca = await newAuthority('CN=CA');
  install('MyOrg1MSP', ca);
  await using verifier = await open();
  expect(verifier.verify('MyOrg1MSP', undefined)).toEqual({
    accepted: false,
    rule: 'certificate-shown',
    reason: 'the client showed no certificate',
  });
  expect(verifier.verify('MyOrg1MSP', new Uint8Array([1, 2, 3]))).toMatchObject({
    accepted: false,
    reason: expect.stringMatching(/cannot be read/) as unknown,
  });
  expect(verifier.verify('__proto__', await issue('O=__proto__', { signer: ca }))).toMatchObject({ accepted: false });
});

test('a mounted Secret is followed through its links when it changes', async () => {
  const [first, second] = [await newAuthority('CN=First'), await newAuthority('CN=Second')];
  mkdirSync(join(folder, 'MyOrg1MSP'));
  for (const [version, { certificate }] of [
    ['..v1', first],
    ['..v2', second],
  ] as const) {
    mkdirSync(join(folder, 'MyOrg1MSP', version));
    writeFileSync(join(folder, 'MyOrg1MSP', version, 'ca.crt'), certificate.toString('pem'));
  }
  symlinkSync('..v1', join(folder, 'MyOrg1MSP', '..data'));
  symlinkSync(join('..data', 'ca.crt'), join(folder, 'MyOrg1MSP', 'ca.crt'));
  await using verifier = await open();
  const [old, fresh] = [await issue('O=MyOrg1MSP', { signer: first }), await issue('O=MyOrg1MSP', { signer: second })];
  expect([verifier.verify('MyOrg1MSP', old).accepted, verifier.verify('MyOrg1MSP', fresh).accepted]).toEqual([
    true,
    false,
  ]);
  symlinkSync('..v2', join(folder, 'MyOrg1MSP', '..data_tmp'));
  renameSync(join(folder, 'MyOrg1MSP', '..data_tmp'), join(folder, 'MyOrg1MSP', '..data'));
  await vi.waitFor(() => expect(verifier.verify('MyOrg1MSP', fresh)).toEqual({ accepted: true }), WAIT);
  expect(verifier.verify('MyOrg1MSP', old)).toMatchObject({ accepted: false });
});

test('a new organization is found, and a folder that cannot be read leaves all as it was', async () => {
  const ca = await newAuthority('CN=CA');
  install('MyOrg1MSP', ca);
  await using verifier = await open();
  const client = await issue('O=MyOrg1MSP,O=MyOrg2MSP', { signer: ca });
  install('MyOrg2MSP', ca);
  await vi.waitFor(() => expect(verifier.verify('MyOrg2MSP', client)).toEqual({ accepted: true }), WAIT);
  renameSync(folder, `${folder}-away`);
  await vi.waitFor(
    () => expect(log.messages('warn').at(-1)).toContain('the old state stays in force'),
    WAIT,
  );
  expect(verifier.verify('MyOrg1MSP', client)).toEqual({ accepted: true });
  renameSync(`${folder}-away`, folder);
});

test('a folder that is not there stops the start', async () => {
  await expect(ClientAuthorities.open({ dir: join(folder, 'none'), log })).rejects.toThrow(
    /ENOENT/,
  );
});
