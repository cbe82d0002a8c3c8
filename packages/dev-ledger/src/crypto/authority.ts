import { webcrypto } from 'node:crypto';
// @peculiar/x509 needs it, and before itself.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from '@peculiar/x509';

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const CLOCK_SKEW_MS = 5 * 60_000;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';

/** What a certificate says of its owner, beside the country, state and place that all of them share. */
export interface Subject {
  readonly commonName: string;
  readonly organization?: string;
  readonly organizationalUnit?: string;
}

export interface LeafOptions {
  readonly subject: Subject;
  /** For TLS: the names and addresses it answers to. Without them it is an identity, which signs. */
  readonly hosts?: readonly string[];
}

/** A certificate and its private key (PKCS#8), both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority with a P-256 key of its own, valid for ten years. */
export class Authority {
  readonly #certificate: X509Certificate;
  readonly #keys: CryptoKeyPair;
  #issued = 1;

  private constructor(certificate: X509Certificate, keys: CryptoKeyPair) {
    this.#certificate = certificate;
    this.#keys = keys;
  }

  static async create(subject: Subject): Promise<Authority> {
    const keys = await newKeys();
    const certificate = await X509CertificateGenerator.createSelfSigned({
      serialNumber: '01',
      name: distinguishedName(subject),
      ...validity(),
      keys,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(true, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    });
    return new Authority(certificate, keys);
  }

  /** Its own certificate and key, PEM. */
  async pair(): Promise<KeyPair> {
    return { cert: pem(this.#certificate), key: await exportKey(this.#keys.privateKey) };
  }

  /** Issues a certificate to a new key. */
  async issue({ subject, hosts }: LeafOptions): Promise<KeyPair> {
    const keys = await newKeys();
    this.#issued += 1;
    const certificate = await X509CertificateGenerator.create({
      serialNumber: this.#issued.toString(16).padStart(4, '0'),
      subject: distinguishedName(subject),
      issuer: this.#certificate.subject,
      ...validity(),
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        await AuthorityKeyIdentifierExtension.create(this.#keys.publicKey),
        ...(hosts === undefined ? [] : tlsExtensions(hosts)),
      ],
    });
    return { cert: pem(certificate), key: await exportKey(keys.privateKey) };
  }
}

type CryptoKey = webcrypto.CryptoKey;
type CryptoKeyPair = webcrypto.CryptoKeyPair;

function tlsExtensions(hosts: readonly string[]): [ExtendedKeyUsageExtension, SubjectAlternativeNameExtension] {
  const names = hosts.map((value) => ({ type: /^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const), value }));
  return [new ExtendedKeyUsageExtension([SERVER_AUTH, CLIENT_AUTH]), new SubjectAlternativeNameExtension(names)];
}

function distinguishedName({ commonName, organization, organizationalUnit }: Subject): string {
  const parts = ['C=US', 'ST=California', 'L=San Francisco'];
  if (organization !== undefined) parts.push(`O=${organization}`);
  if (organizationalUnit !== undefined) parts.push(`OU=${organizationalUnit}`);
  return [...parts, `CN=${commonName}`].join(', ');
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return { notBefore: new Date(now - CLOCK_SKEW_MS), notAfter: new Date(now + TEN_YEARS_MS) };
}

function newKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

function pem(certificate: X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}

async function exportKey(key: CryptoKey): Promise<string> {
  return `${PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}
