import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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
  /** Mutual TLS: clients must show a certificate that a CA of `<dir>/<MSPID>/<file>` issued. Links are followed. */
  readonly clientCaCertDir?: string | undefined;
}

export interface TlsOptions {
  readonly settings: TlsSettings;
  readonly log: Log;
  /** How often the files are read at least. */
  readonly intervalMs?: number | undefined;
}

/** The credentials of a listener, which follow their files until disposed. */
export interface ServerIdentity extends AsyncDisposable {
  readonly credentials: ServerCredentials;
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
export async function openTlsIdentity({ settings, log, intervalMs }: TlsOptions): Promise<ServerIdentity> {
  const { certPath, keyPath, clientCaCertDir } = settings;
  const first = await readCertificates(settings);
  const source = new CertificateSource(first);
  const watch = new ContentWatch<Certificates>({
    subject: 'TLS files',
    folders: [...new Set([dirname(certPath), dirname(keyPath), clientCaCertDir ?? dirname(certPath)])],
    read: async () => {
      const content = await readCertificates(settings);
      return { fingerprint: fingerprintOf(content), content };
    },
    fingerprint: fingerprintOf(first),
    apply: (certificates) => {
      source.update(certificates);
    },
    log,
    intervalMs,
  });
  const mutual = clientCaCertDir !== undefined;
  return {
    credentials: experimental.createCertificateProviderServerCredentials(source, mutual ? source : null, mutual),
    [Symbol.asyncDispose]: () => watch[Symbol.asyncDispose](),
  };
}

async function readCertificates({ certPath, keyPath, clientCaCertDir }: TlsSettings): Promise<Certificates> {
  const [certificate, privateKey] = await Promise.all([readFile(certPath), readFile(keyPath)]);
  const clientCas = clientCaCertDir === undefined ? undefined : await readAuthorities(clientCaCertDir);
  // Throws when the key is another's or a file is no PEM, before anything is put in force.
  createSecureContext({ cert: certificate, key: privateKey, ...(clientCas !== undefined && { ca: clientCas }) });
  return { certificate, privateKey, clientCas };
}

function fingerprintOf({ certificate, privateKey, clientCas }: Certificates): string {
  const hash = createHash('sha256');
  for (const content of [certificate, privateKey, clientCas]) hash.update(content ?? '').update('\0');
  return hash.digest('base64');
}

/** Which organization a CA may speak for is checked later, with the headers; here it only has to be one of them. */
async function readAuthorities(dir: string): Promise<Buffer> {
  const certificates: string[] = [];
  for (const organization of await visibleEntries(dir)) {
    if (!(await stat(organization)).isDirectory()) continue;
    for (const file of await visibleEntries(organization)) certificates.push(...parseCertificates(await readFile(file)));
  }
  if (certificates.length === 0) throw new Error(`there is no CA certificate in ${dir}`);
  return Buffer.from(certificates.join(''));
}

/** Kubernetes keeps the versions of a mounted Secret in hidden entries, beside the links to them. */
async function visibleEntries(dir: string): Promise<string[]> {
  const names = (await readdir(dir)).filter((name) => !name.startsWith('.')).toSorted();
  return names.map((name) => join(dir, name));
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** The certificates of a PEM or DER file, as PEM; what is neither is left out. */
function parseCertificates(content: Buffer): string[] {
  const blocks: readonly (string | Buffer)[] = content.toString('latin1').match(PEM_BLOCK) ?? [content];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block).toString()];
    } catch {
      return [];
    }
  });
}
