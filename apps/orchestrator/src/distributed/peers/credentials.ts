import { createHash, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { PeerIdentityConfig } from '../../config/config.ts';
import { keyPairFaults, type KeyPairText, parsePrivateKey } from '../../config/key-pair.ts';

/** All that the files of an identity hold. */
export interface Credentials {
  readonly certificate: Buffer;
  readonly privateKey: KeyObject;
  /** PEM. */
  readonly tlsRoots: Buffer;
  /** With mutual TLS: what the server shows to the peer. */
  readonly tlsClient?: { readonly certificate: Buffer; readonly privateKey: Buffer } | undefined;
  /** Differs when anything does. */
  readonly fingerprint: string;
  /** Differs when the connection must be made anew. */
  readonly transportFingerprint: string;
}

/**
 * Reads the files of an identity.
 *
 * @throws Error with one sentence for files that are missing or cannot be used now.
 */
export async function readCredentials(config: PeerIdentityConfig): Promise<Credentials> {
  const { peer, mspid } = config;
  const [certificate, key, tlsRoots, tlsClient] = await Promise.all([
    readFile(config.certPath),
    readFile(config.keyPath),
    peer.tlsCaCertsPath === undefined ? Buffer.from(peer.tlsCaCertsPem ?? '') : readFile(peer.tlsCaCertsPath),
    readTlsClient(config),
  ]);
  check({ certificate, privateKey: key }, `the identity of ${mspid}`);
  if (tlsClient !== undefined) check(tlsClient, `the TLS client certificate of ${mspid}`);
  const privateKey = parsePrivateKey(key);
  if (privateKey === undefined) throw new Error(`the identity of ${mspid}: the key cannot be used`);
  const transportFingerprint = digest([tlsRoots, ...Object.values(tlsClient ?? {})]);
  const fingerprint = digest([certificate, key, Buffer.from(transportFingerprint)]);
  return { certificate, privateKey, tlsRoots, tlsClient, fingerprint, transportFingerprint };
}

/** The folders in which these files lie. */
export function watchedFolders({ certPath, keyPath, tls, peer }: PeerIdentityConfig): readonly string[] {
  const paths = [certPath, keyPath, tls?.certPath, tls?.keyPath, peer.tlsCaCertsPath];
  return [...new Set(paths.filter((path) => path !== undefined).map((path) => dirname(path)))];
}

async function readTlsClient({ tls }: PeerIdentityConfig): Promise<Credentials['tlsClient']> {
  if (tls === undefined) return undefined;
  const [certificate, privateKey] = await Promise.all([readFile(tls.certPath), readFile(tls.keyPath)]);
  return { certificate, privateKey };
}

function check(pair: KeyPairText, what: string): void {
  const [fault] = keyPairFaults(pair, new Date());
  if (fault !== undefined) throw new Error(`${what}: ${fault}`);
}

function digest(parts: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('hex');
}
