import { X509Certificate } from 'node:crypto';
import { AsnConvert } from '@peculiar/asn1-schema';
import {
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_nameConstraints,
  id_ce_subjectAltName,
  KeyUsage,
} from '@peculiar/asn1-x509';
import type { Extension, Name } from '@peculiar/asn1-x509';

/** A certificate with those of its extensions that say what its key may do. */
export interface ParsedCertificate {
  readonly x509: X509Certificate;
  /** The organizations (`O=`) of its subject. */
  readonly organizations: readonly string[];
  /** Whether its basic constraints make it a CA. */
  readonly isAuthority: boolean;
  /** How many intermediate CAs may stand between this CA and a client; no limit when absent. */
  readonly pathLength?: number | undefined;
  /** Bits of `KeyUsageFlags`; every usage is allowed when absent. */
  readonly keyUsage?: number | undefined;
  /** Object identifiers; every usage is allowed when absent. */
  readonly extendedKeyUsages?: readonly string[] | undefined;
  /** Object identifiers of the extensions that limit it in a way which is not looked into. */
  readonly unknownLimits: readonly string[];
  /** Object identifier. */
  readonly signatureAlgorithm: string;
}

const ORGANIZATION_NAME = '2.5.4.10';

/** Subject alternative names say which hosts a server has: nothing that matters for a client. */
const understood: ReadonlySet<string> = new Set([
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
]);

/**
 * Reads a certificate, PEM or DER.
 *
 * @throws Error when it is none, or one of its extensions cannot be read or is there twice.
 */
export function parseCertificate(content: string | Uint8Array): ParsedCertificate {
  const x509 = new X509Certificate(content);
  // Throws for a key that cannot be used. Node's structured form of a certificate with such a key ends the process.
  const { asymmetricKeyType } = x509.publicKey;
  if (asymmetricKeyType === undefined) throw new Error('its key is of no known type');
  const { tbsCertificate, signatureAlgorithm } = AsnConvert.parse(x509.raw, Certificate);
  const extensions = new Map<string, Extension>();
  for (const extension of tbsCertificate.extensions ?? []) {
    if (extensions.has(extension.extnID)) throw new Error(`the extension ${extension.extnID} is there twice`);
    extensions.set(extension.extnID, extension);
  }
  const constraints = readExtension(extensions, id_ce_basicConstraints, BasicConstraints);
  const extended = readExtension(extensions, id_ce_extKeyUsage, ExtendedKeyUsage);
  return {
    x509,
    organizations: organizationsOf(tbsCertificate.subject),
    isAuthority: constraints?.cA === true,
    pathLength: constraints?.pathLenConstraint,
    keyUsage: readExtension(extensions, id_ce_keyUsage, KeyUsage)?.toNumber(),
    extendedKeyUsages: extended === undefined ? undefined : [...extended],
    unknownLimits: [...extensions.values()].filter(isUnknownLimit).map(({ extnID }) => extnID),
    signatureAlgorithm: signatureAlgorithm.algorithm,
  };
}

/** Whether it was signed with its own key, and so is the root of a path. */
export function isSelfSigned({ x509 }: ParsedCertificate): boolean {
  return isSignedWith(x509, x509);
}

/** Names and key ids only say who claims to have signed; the signature says who did. */
export function isSignedWith(certificate: X509Certificate, authority: X509Certificate): boolean {
  try {
    return certificate.verify(authority.publicKey);
  } catch {
    // A key of another kind than the signature's.
    return false;
  }
}

/** The subject in one line, for people. */
export function nameOf({ x509 }: ParsedCertificate): string {
  return JSON.stringify(x509.subject.replaceAll('\n', ', '));
}

/** From the structured subject: in the printed one, a common name could contain what looks like an organization. */
function organizationsOf(subject: Name): readonly string[] {
  return [...subject].flatMap((names) =>
    [...names].filter(({ type }) => type === ORGANIZATION_NAME).map(({ value }) => value.toString()),
  );
}

// Name constraints limit a CA whether they are marked critical or not.
function isUnknownLimit({ extnID, critical }: Extension): boolean {
  return extnID === id_ce_nameConstraints || (critical && !understood.has(extnID));
}

function readExtension<T>(
  extensions: ReadonlyMap<string, Extension>,
  id: string,
  Type: new () => T,
): T | undefined {
  const extension = extensions.get(id);
  return extension === undefined ? undefined : AsnConvert.parse(extension.extnValue.buffer, Type);
}
