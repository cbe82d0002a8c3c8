import { X509Certificate } from 'node:crypto';
import type { ClientAuthorities } from './client-authorities.ts';

/** When a certificate that is in force ends. */
export interface CertificateExpiry {
  readonly use: 'server' | 'client_ca' | 'fabric_identity' | 'fabric_tls_client';
  /** The organization; empty for the server's own. */
  readonly mspid: string;
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  readonly fingerprint: string;
  /** In milliseconds since 1970. */
  readonly endsMs: number;
}

/** Certificates of an organization of the ledger, in PEM. */
interface LedgerIdentity {
  readonly certificate: Buffer;
  readonly tlsClient?: { readonly certificate: Buffer } | undefined;
}

/** Of the server's own certificate, the first of its chain. */
export function serverExpiry(chain: Buffer): CertificateExpiry {
  return { use: 'server', mspid: '', ...facts(new X509Certificate(chain)) };
}

/** Of the CA certificates of all organizations. */
export function authorityExpiries(authorities: Pick<ClientAuthorities, 'all'>): readonly CertificateExpiry[] {
  return authorities
    .all()
    .flatMap(([mspid, list]) => list.map(({ x509 }) => ({ use: 'client_ca' as const, mspid, ...facts(x509) })));
}

/** Of what a server shows to its organization's peer: whom it signs as, and with mutual TLS whom it connects as. */
export function identityExpiries(mspid: string, { certificate, tlsClient }: LedgerIdentity): readonly CertificateExpiry[] {
  const identity = { use: 'fabric_identity' as const, mspid, ...facts(new X509Certificate(certificate)) };
  if (tlsClient === undefined) return [identity];
  return [identity, { use: 'fabric_tls_client', mspid, ...facts(new X509Certificate(tlsClient.certificate)) }];
}

function facts(certificate: X509Certificate): Pick<CertificateExpiry, 'fingerprint' | 'endsMs'> {
  return { fingerprint: certificate.fingerprint256, endsMs: certificate.validToDate.getTime() };
}
