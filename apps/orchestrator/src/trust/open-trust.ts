import type { ServerCredentials } from '@grpc/grpc-js';
import type { TlsConfig } from '../config/config.ts';
import type { ClientVerifier } from '../grpc/caller.ts';
import { openTlsIdentity, plaintextCredentials } from '../grpc/credentials.ts';
import type { Log } from '../log/log.ts';
import type { ClientAuthorities, ClientAuthoritiesOptions } from './client-authorities.ts';
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
  const clientAuthorities = isMutual ? stack.use(await openAuthorities({ dir, log, intervalMs })) : undefined;
  const settings = { certPath, keyPath };
  const identity = stack.use(await openTlsIdentity({ settings, clientAuthorities, log, intervalMs }));
  return {
    credentials: identity.credentials,
    verifier:
      tls.verifyClientMspId && clientAuthorities !== undefined ? await openVerifier(clientAuthorities) : undefined,
    expiries: () => [
      serverExpiry(identity.certificate()),
      ...(clientAuthorities === undefined ? [] : authorityExpiries(clientAuthorities)),
    ],
  };
}

// What takes certificates apart is loaded only where clients have some.

async function openAuthorities(options: ClientAuthoritiesOptions): Promise<ClientAuthorities> {
  const { ClientAuthorities } = await import('./client-authorities.ts');
  return ClientAuthorities.open(options);
}

async function openVerifier(authorities: ClientAuthorities): Promise<ClientVerifier> {
  const { ClientCertificateVerifier } = await import('./client-certificates.ts');
  return new ClientCertificateVerifier(authorities);
}
