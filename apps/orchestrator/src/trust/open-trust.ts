import type { ServerCredentials } from '@grpc/grpc-js';
import type { TlsConfig } from '../config/config.ts';
import type { ClientVerifier } from '../grpc/caller.ts';
import { openTlsIdentity, plaintextCredentials } from '../grpc/credentials.ts';
import type { Log } from '../log/log.ts';
import { ClientAuthorities } from './client-authorities.ts';
import { ClientCertificateVerifier } from './client-certificates.ts';
import { authorityExpiries, serverExpiry } from './expiry.ts';
import type { CertificateExpiry } from './expiry.ts';

/** Whom the server believes, and what it shows of itself. */
export interface Trust {
  readonly credentials: ServerCredentials;
  /** Without it every client that may connect is believed to be who it says. */
  readonly verifier?: ClientVerifier | undefined;
  /** The certificates in force. */
  readonly expiries: () => readonly CertificateExpiry[];
}

export interface TrustOptions {
  readonly tls: TlsConfig;
  readonly log: Log;
  /** Takes what follows the files. */
  readonly stack: AsyncDisposableStack;
  /** How often the files are read at least. */
  readonly intervalMs?: number | undefined;
}

/**
 * Opens the certificates that the configuration names.
 *
 * @throws Error when a file of the server's own cannot be used, or no client CA can.
 */
export async function openTrust({ tls, log, stack, intervalMs }: TrustOptions): Promise<Trust> {
  const { certPath, keyPath, clientCaCertDir: dir } = tls;
  if (!tls.enabled || certPath === undefined || keyPath === undefined)
    return { credentials: plaintextCredentials(), expiries: () => [] };
  const isMutual = tls.mtls && dir !== undefined;
  const clientAuthorities = isMutual ? stack.use(await ClientAuthorities.open({ dir, log, intervalMs })) : undefined;
  const settings = { certPath, keyPath };
  const identity = stack.use(await openTlsIdentity({ settings, clientAuthorities, log, intervalMs }));
  return {
    credentials: identity.credentials,
    verifier:
      tls.verifyClientMspId && clientAuthorities !== undefined
        ? new ClientCertificateVerifier(clientAuthorities)
        : undefined,
    expiries: () => [
      serverExpiry(identity.certificate()),
      ...(clientAuthorities === undefined ? [] : authorityExpiries(clientAuthorities)),
    ],
  };
}
