import { X509Certificate } from 'node:crypto';
import type { ClientAuthorities } from './client-authorities.ts';

/** When a certificate that is in force ends. */
export interface CertificateExpiry {
  readonly use: 'server' | 'client_ca';
  /** Of a client CA: the organization; else empty. */
  readonly mspid: string;
  /** SHA-256 of the certificate, as OpenSSL prints it. */
  readonly fingerprint: string;
  /** In milliseconds since 1970. */
  readonly endsMs: number;
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

function facts(certificate: X509Certificate): Pick<CertificateExpiry, 'fingerprint' | 'endsMs'> {
  return { fingerprint: certificate.fingerprint256, endsMs: certificate.validToDate.getTime() };
}
