import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerTls } from '../server/chaincode-server.ts';
import type { Variables } from './config.ts';

const NAMES = { key: 'TLS_KEY_FILE', cert: 'TLS_CERT_FILE', clientCaCerts: 'TLS_ROOTCERT_FILE' } as const;

/** The files for TLS; none of them means plaintext. What is wrong is added to `problems`. */
export function readTls(variables: Variables, now: Date, problems: string[]): ServerTls | undefined {
  const given: readonly string[] = Object.values(NAMES).filter((name) => (variables[name] ?? '') !== '');
  if (given.length === 0) return undefined;
  for (const name of [NAMES.key, NAMES.cert]) {
    if (!given.includes(name)) problems.push(`${name} is missing: ${given.join(' and ')} alone cannot be used`);
  }
  const read = (name: string): Buffer | undefined => (given.includes(name) ? readFile(name, variables[name] ?? '', problems) : undefined);
  const [key, cert, clientCaCerts] = [read(NAMES.key), read(NAMES.cert), read(NAMES.clientCaCerts)];
  checkPair({ key, cert, now }, problems);
  if (clientCaCerts !== undefined && parseCertificate(clientCaCerts) === undefined) {
    problems.push(`${NAMES.clientCaCerts} holds no PEM certificate`);
  }
  return key === undefined || cert === undefined ? undefined : { key, cert, clientCaCerts };
}

function readFile(name: string, path: string, problems: string[]): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    problems.push(`${name} is ${JSON.stringify(path)}: it should be a file that can be read (${reason})`);
    return undefined;
  }
}

function checkPair(
  { key, cert, now }: { readonly key: Buffer | undefined; readonly cert: Buffer | undefined; readonly now: Date },
  problems: string[],
): void {
  const parsedKey = key === undefined ? undefined : parsePrivateKey(key);
  const parsedCert = cert === undefined ? undefined : parseCertificate(cert);
  if (key !== undefined && parsedKey === undefined) problems.push(`${NAMES.key} holds no PEM private key without a password`);
  if (cert !== undefined && parsedCert === undefined) problems.push(`${NAMES.cert} holds no PEM certificate`);
  if (parsedCert === undefined) return;
  if (now > parsedCert.validToDate) problems.push(`${NAMES.cert} expired at ${parsedCert.validToDate.toISOString()}`);
  if (parsedKey !== undefined && !parsedCert.checkPrivateKey(parsedKey)) {
    problems.push(`the key in ${NAMES.key} does not belong to the certificate in ${NAMES.cert}`);
  }
}

function parseCertificate(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

function parsePrivateKey(pem: Buffer): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
