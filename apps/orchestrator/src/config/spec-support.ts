import type { webcrypto } from 'node:crypto';
// @peculiar/x509 needs it, and before itself.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;

/** A certificate with its keys. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** Counted from now; a day before to a day after, unless told otherwise. */
export interface Validity {
  readonly fromDays?: number;
  readonly toDays?: number;
}

export interface CertificateOptions extends Validity {
  readonly signer: Authority;
  /** Whom it claims as its issuer, by name and key id; the signer, unless told otherwise. */
  readonly named?: Authority;
}

/** For tests: a self-signed certificate, of a CA unless told otherwise. */
export async function newAuthority(
  name: string,
  options: Validity & { readonly ca?: boolean } = {},
): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    ...validity(options),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(options.ca ?? true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** For tests: a certificate with keys of its own. */
export async function issueCertificate(
  subject: string,
  { signer, named = signer, ...options }: CertificateOptions,
): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject,
    issuer: named.certificate.subject,
    ...validity(options),
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [await AuthorityKeyIdentifierExtension.create(named.keys.publicKey)],
  });
  return { certificate, keys };
}

/** For tests: an authority from the PEM texts of its certificate and of its PKCS#8 key. */
export async function readAuthority(certificate: string, key: string): Promise<Authority> {
  const parsed = new X509Certificate(certificate);
  const privateKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), ALGORITHM, true, ['sign']);
  const publicKey = await crypto.subtle.importKey('spki', parsed.publicKey.rawData, ALGORITHM, true, ['verify']);
  return { certificate: parsed, keys: { privateKey, publicKey } };
}

/** For tests: the private key, PEM. */
export async function exportKey({ keys }: Authority): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function validity({ fromDays = -1, toDays = 1 }: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() + fromDays * DAY_MS), notAfter: new Date(Date.now() + toDays * DAY_MS) };
}
