import type { webcrypto } from 'node:crypto';
// @peculiar/x509 needs it, and before itself.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Extension } from '@peculiar/x509';

const DAY_MS = 86_400_000;

const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const rsa = (modulusLength: number) =>
  ({ name: 'RSASSA-PKCS1-v1_5', modulusLength, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' }) as const;

const algorithms = {
  'P-256': EC,
  'P-384': { ...EC, namedCurve: 'P-384' },
  Ed25519: { name: 'Ed25519' },
  'RSA-1024': rsa(1024),
  'RSA-2048': rsa(2048),
} as const;

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

/** What a certificate says of its key. */
export interface Shape extends Validity {
  /** With a number: a CA with that path length. */
  readonly ca?: boolean | number;
  readonly keyUsage?: number;
  readonly extendedKeyUsage?: readonly string[];
  readonly more?: readonly Extension[];
  readonly algorithm?: keyof typeof algorithms;
}

export interface CertificateOptions extends Shape {
  readonly signer: Authority;
  /** Whom it claims as its issuer, by name and key id; the signer, unless told otherwise. */
  readonly named?: Authority;
  /** Whose key id it claims as its issuer's, if not that of `named`. */
  readonly keyIdOf?: Authority;
  /** The hash that is signed. */
  readonly hash?: 'SHA-1' | 'SHA-256';
}

/** For tests: a self-signed certificate, of a CA unless told otherwise. */
export async function newAuthority(name: string, shape: Shape = {}): Promise<Authority> {
  const keys = await newKeys(shape);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name,
    ...validity(shape),
    keys,
    signingAlgorithm: signingAlgorithm(keys),
    extensions: [
      ...extensionsOf({ ca: true, keyUsage: KeyUsageFlags.keyCertSign, ...shape }),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** For tests: a certificate with keys of its own. */
export async function issueCertificate(subject: string, options: CertificateOptions): Promise<Authority> {
  const { signer, named = signer, keyIdOf = named, hash = 'SHA-256' } = options;
  const keys = await newKeys(options);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: '02',
    subject,
    issuer: named.certificate.subject,
    ...validity(options),
    publicKey: keys.publicKey,
    signingKey: signer.keys.privateKey,
    signingAlgorithm: { ...signingAlgorithm(signer.keys), hash },
    extensions: [
      ...extensionsOf(options),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(keyIdOf.keys.publicKey),
    ],
  });
  return { certificate, keys };
}

/** For tests: an intermediate CA. */
export function issueAuthority(subject: string, options: CertificateOptions): Promise<Authority> {
  return issueCertificate(subject, { ca: true, keyUsage: KeyUsageFlags.keyCertSign, ...options });
}

/** For tests: an authority from the PEM texts of its certificate and of its PKCS#8 key. */
export async function readAuthority(certificate: string, key: string): Promise<Authority> {
  const parsed = new X509Certificate(certificate);
  const privateKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(key), EC, true, ['sign']);
  const publicKey = await crypto.subtle.importKey('spki', parsed.publicKey.rawData, EC, true, ['verify']);
  return { certificate: parsed, keys: { privateKey, publicKey } };
}

/** For tests: the private key, PEM. */
export async function exportKey({ keys }: Authority): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
}

/** For tests: the certificates, PEM, one after the other. */
export function toPem(...authorities: readonly Authority[]): string {
  return authorities.map(({ certificate }) => `${certificate.toString('pem')}\n`).join('');
}

function extensionsOf({ ca, keyUsage, extendedKeyUsage, more = [] }: Shape): Extension[] {
  const pathLength = typeof ca === 'number' ? ca : undefined;
  return [
    ...(ca === undefined ? [] : [new BasicConstraintsExtension(ca !== false, pathLength, true)]),
    ...(keyUsage === undefined ? [] : [new KeyUsagesExtension(keyUsage, true)]),
    ...(extendedKeyUsage === undefined ? [] : [new ExtendedKeyUsageExtension([...extendedKeyUsage])]),
    ...more,
  ];
}

async function newKeys({ algorithm = 'P-256' }: Shape): Promise<webcrypto.CryptoKeyPair> {
  const keys = await crypto.subtle.generateKey(algorithms[algorithm], true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error('that algorithm has no pairs of keys');
  return keys;
}

function signingAlgorithm({ publicKey }: webcrypto.CryptoKeyPair): { readonly name: string; readonly hash: string } {
  return { name: publicKey.algorithm.name, hash: 'SHA-256' };
}

function validity({ fromDays = -1, toDays = 1 }: Validity): { readonly notBefore: Date; readonly notAfter: Date } {
  return { notBefore: new Date(Date.now() + fromDays * DAY_MS), notAfter: new Date(Date.now() + toDays * DAY_MS) };
}
