import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** A certificate with its private key, as they lie in files. */
export interface KeyPairText {
  readonly certificate: string | Buffer;
  readonly privateKey: string | Buffer;
}

/** What is wrong with a certificate and its private key, a sentence each; nothing when they can be used at `now`. */
export function keyPairFaults({ certificate, privateKey }: KeyPairText, now: Date): readonly string[] {
  const parsed = parseCertificate(certificate);
  const key = parsePrivateKey(privateKey);
  return [
    ...(parsed === undefined ? ['the certificate is no PEM certificate'] : validityFaults(parsed, now)),
    ...(key === undefined ? ['the key is no PEM private key without a password'] : []),
    ...(parsed !== undefined && key !== undefined && !parsed.checkPrivateKey(key)
      ? ['the key does not belong to the certificate']
      : []),
  ];
}

/** The first certificate of a PEM text; undefined when there is none. */
export function parseCertificate(pem: string | Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Undefined when the text is no PEM private key. */
export function parsePrivateKey(pem: string | Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function validityFaults({ validFromDate, validToDate }: X509Certificate, now: Date): readonly string[] {
  if (now > validToDate) return [`the certificate expired at ${validToDate.toISOString()}`];
  if (now < validFromDate) return [`the certificate is not valid before ${validFromDate.toISOString()}`];
  return [];
}
