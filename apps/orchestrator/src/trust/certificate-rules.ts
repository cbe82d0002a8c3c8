import { id_kp_clientAuth, KeyUsageFlags } from '@peculiar/asn1-x509';
import { isSelfSigned, nameOf } from './certificate.ts';
import type { ParsedCertificate } from './certificate.ts';

/** The rules that a client certificate and its CAs have to keep, by the names that the log gives. */
export type CertificateRule =
  | 'certificate-shown'
  | 'certificate-readable'
  | 'organization'
  | 'end-entity'
  | 'validity'
  | 'key-usage'
  | 'extended-key-usage'
  | 'key-strength'
  | 'signature-algorithm'
  | 'extensions'
  | 'organization-has-ca'
  | 'issuer'
  | 'issuer-name'
  | 'ca-constraint'
  | 'path-length'
  | 'root';

/** Which rule refuses a certificate, and how, for the operator. */
export interface Violation {
  readonly rule: CertificateRule;
  readonly reason: string;
}

/** A certificate in its place. */
export interface Subject {
  readonly certificate: ParsedCertificate;
  /** For sentences: `the client certificate`. */
  readonly title: string;
  readonly nowMs: number;
}

const MIN_RSA_BITS = 2048;

const acceptedCurves: ReadonlySet<unknown> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

/** With SHA-256 and longer, or a hash of the algorithm's own. Hashes of RSA-PSS are looked at by the TLS library. */
const acceptedSignatures: ReadonlySet<string> = new Set([
  '1.2.840.113549.1.1.10',
  '1.2.840.113549.1.1.11',
  '1.2.840.113549.1.1.12',
  '1.2.840.113549.1.1.13',
  '1.2.840.10045.4.3.2',
  '1.2.840.10045.4.3.3',
  '1.2.840.10045.4.3.4',
  '1.3.101.112',
  '1.3.101.113',
]);

/** What is wrong with the certificate of a client, its issuer apart. */
export function clientViolation(subject: Subject): Violation | undefined {
  const { certificate, title } = subject;
  if (certificate.isAuthority) return { rule: 'end-entity', reason: `${title} is that of a CA` };
  if (!mayUse(certificate, KeyUsageFlags.digitalSignature))
    return { rule: 'key-usage', reason: `the key usage of ${title} lacks digitalSignature` };
  return commonViolation(subject);
}

/** What is wrong with the certificate of a CA, its issuer apart. */
export function authorityViolation(subject: Subject): Violation | undefined {
  const { certificate, title } = subject;
  if (!certificate.isAuthority) return { rule: 'ca-constraint', reason: `${title} is not that of a CA` };
  if (!mayUse(certificate, KeyUsageFlags.keyCertSign))
    return { rule: 'ca-constraint', reason: `the key usage of ${title} lacks keyCertSign` };
  return commonViolation(subject);
}

function commonViolation(subject: Subject): Violation | undefined {
  const { certificate, title } = subject;
  if (!isValidAt(subject)) return { rule: 'validity', reason: `${title} is not valid at this time` };
  if (certificate.extendedKeyUsages?.includes(id_kp_clientAuth) === false)
    return { rule: 'extended-key-usage', reason: `the extended key usage of ${title} lacks clientAuth` };
  const limit = certificate.unknownLimits[0];
  if (limit !== undefined)
    return { rule: 'extensions', reason: `${title} is limited by the extension ${limit}, which is not supported` };
  return strengthViolation(subject);
}

function strengthViolation({ certificate, title }: Subject): Violation | undefined {
  const key = weaknessOf(certificate);
  if (key !== undefined) return { rule: 'key-strength', reason: `the key of ${title} is too weak: ${key}` };
  // What a root says of itself proves nothing, whatever it is signed with.
  if (acceptedSignatures.has(certificate.signatureAlgorithm) || isSelfSigned(certificate)) return undefined;
  const reason = `${title} is signed with the algorithm ${certificate.signatureAlgorithm}, which is not accepted`;
  return { rule: 'signature-algorithm', reason };
}

function weaknessOf({ x509 }: ParsedCertificate): string | undefined {
  const { asymmetricKeyType: type = 'unknown', asymmetricKeyDetails: details = {} } = x509.publicKey;
  if (type === 'ed25519' || type === 'ed448') return undefined;
  if (type === 'ec')
    return acceptedCurves.has(details.namedCurve) ? undefined : `curve ${details.namedCurve ?? 'of its own'}`;
  if (type === 'rsa' || type === 'rsa-pss') {
    const bits = details.modulusLength ?? 0;
    return bits < MIN_RSA_BITS ? `RSA with ${bits} bits` : undefined;
  }
  return `algorithm ${type}`;
}

function mayUse({ keyUsage }: ParsedCertificate, usage: number): boolean {
  return keyUsage === undefined || (keyUsage & usage) !== 0;
}

function isValidAt({ certificate: { x509 }, nowMs }: Subject): boolean {
  return x509.validFromDate.getTime() <= nowMs && nowMs < x509.validToDate.getTime();
}

/** For sentences about a CA. */
export function authorityTitle(certificate: ParsedCertificate): string {
  return `the CA certificate ${nameOf(certificate)}`;
}
