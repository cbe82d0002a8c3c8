import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createSecureContext } from 'node:tls';
import { experimental, ServerCredentials } from '@grpc/grpc-js';
import { ContentWatch } from '../config/content-watch.ts';
import type { Log } from '../log/log.ts';
import { CertificateSource } from './certificate-source.ts';
import type { Certificates } from './certificate-source.ts';

export interface TlsSettings {
  /** PEM files of the server's certificate chain and its key. */
  readonly certPath: string;
  readonly keyPath: string;
}

/** Who may have issued the certificates of clients. */
export interface TrustedAuthorities {
  /** CA certificates, PEM. */
  pem(): Buffer;
  onChange(listener: () => void): void;
}

export interface TlsOptions {
  readonly settings: TlsSettings;
  /** Mutual TLS: clients must show a certificate that one of these issued. */
  readonly clientAuthorities?: TrustedAuthorities | undefined;
  readonly log: Log;
  /** How often the files are read at least. */
  readonly intervalMs?: number | undefined;
}

/** The credentials of a listener, which follow their files until disposed. */
export interface ServerIdentity extends AsyncDisposable {
  readonly credentials: ServerCredentials;
  /** The server's certificate chain that is in force, PEM. */
  certificate(): Buffer;
}

/** Credentials of a listener without TLS. */
export function plaintextCredentials(): ServerCredentials {
  return ServerCredentials.createInsecure();
}

/**
 * Opens credentials for TLS 1.2 and newer. When the files change, new connections get the new certificates; a broken
 * set is told to the log, and the one in force stays.
 *
 * @throws Error when a file cannot be read, or when certificate and key do not fit together.
 */
export async function openTlsIdentity({ settings, clientAuthorities, log, intervalMs }: TlsOptions): Promise<ServerIdentity> {
  const { certPath, keyPath } = settings;
  const first = await readIdentity(settings);
  const source = new CertificateSource({ ...first, clientCas: clientAuthorities?.pem() });
  clientAuthorities?.onChange(() => {
    source.update({ ...source.certificates, clientCas: clientAuthorities.pem() });
  });
  const watch = new ContentWatch<Identity>({
    subject: "the server's certificate",
    folders: [...new Set([dirname(certPath), dirname(keyPath)])],
    read: async () => {
      const content = await readIdentity(settings);
      return { fingerprint: fingerprintOf(content), content };
    },
    fingerprint: fingerprintOf(first),
    apply: (identity) => {
      source.update({ ...source.certificates, ...identity });
    },
    log,
    intervalMs,
  });
  const mutual = clientAuthorities !== undefined;
  return {
    credentials: experimental.createCertificateProviderServerCredentials(source, mutual ? source : null, mutual),
    certificate: () => source.certificates.certificate,
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

type Identity = Omit<Certificates, 'clientCas'>;

async function readIdentity({ certPath, keyPath }: TlsSettings): Promise<Identity> {
  const [certificate, privateKey] = await Promise.all([readFile(certPath), readFile(keyPath)]);
  // Throws when the key is another's or a file is no PEM, before anything is put in force.
  createSecureContext({ cert: certificate, key: privateKey });
  return { certificate, privateKey };
}

function fingerprintOf({ certificate, privateKey }: Identity): string {
  return createHash('sha256').update(certificate).update('\0').update(privateKey).digest('base64');
}
