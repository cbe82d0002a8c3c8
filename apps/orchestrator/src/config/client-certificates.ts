import { X509Certificate, createHash } from 'node:crypto';
import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientVerdict, ClientVerifier } from '../grpc/caller.ts';
import { describeError } from '../log/describe-error.ts';
import type { Log } from '../log/log.ts';
import { ContentWatch } from './content-watch.ts';

export interface ClientVerifierOptions {
  /** CA certificates of each organization: `<dir>/<MSPID>/<file>`, PEM or DER, links are followed. */
  readonly clientCaCertDir: string;
  readonly log: Log;
  /** How often the files are read at least. */
  readonly intervalMs?: number;
}

/** CA certificates by MSP id. */
type Authorities = ReadonlyMap<string, readonly X509Certificate[]>;

/** What the folder said. */
interface Reading {
  readonly authorities: Authorities;
  /** Files that are of no use, a sentence each. */
  readonly complaints: readonly string[];
}

/** A signature check costs a tenth of a millisecond and is the same for every call of a connection. */
const MAX_REMEMBERED = 1000;

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Tells whether a client certificate may speak for an organization. */
export class ClientCertificateVerifier implements ClientVerifier, AsyncDisposable {
  readonly #log: Log;
  readonly #watch: ContentWatch<Reading>;
  /** Accepted pairs of certificate and MSP id, with the time in milliseconds until which that holds. */
  readonly #accepted = new Map<string, number>();
  #authorities: Authorities = new Map();

  private constructor({ clientCaCertDir, log, intervalMs }: ClientVerifierOptions, first: Reading) {
    this.#log = log;
    this.#apply(first);
    this.#watch = new ContentWatch({
      subject: `client CA certificates in ${clientCaCertDir}`,
      folders: [clientCaCertDir, ...[...first.authorities.keys()].map((mspid) => join(clientCaCertDir, mspid))],
      read: async () => {
        const reading = await readAuthorities(clientCaCertDir);
        return { fingerprint: fingerprintOf(reading), content: reading };
      },
      fingerprint: fingerprintOf(first),
      apply: (reading) => this.#apply(reading),
      log,
      intervalMs,
    });
  }

  /**
   * Reads the CA certificates and follows their files from then on.
   *
   * @throws when the folder cannot be read. A file of no use is only logged.
   */
  static async open(options: ClientVerifierOptions): Promise<ClientCertificateVerifier> {
    return new ClientCertificateVerifier(options, await readAuthorities(options.clientCaCertDir));
  }

  /** Whether the certificate (DER) may speak for the organization, and why not. */
  verify(mspid: string, certificate: Uint8Array | undefined): ClientVerdict {
    if (certificate === undefined) return refuse('the client showed no certificate');
    const nowMs = Date.now();
    const pair = `${createHash('sha256').update(certificate).digest('base64')} ${mspid}`;
    if ((this.#accepted.get(pair) ?? 0) > nowMs) return { accepted: true };
    const authorities = this.#authorities.get(mspid) ?? [];
    const judgement = judge({ mspid, certificate, authorities, nowMs });
    if (!judgement.accepted) return judgement;
    if (this.#accepted.size >= MAX_REMEMBERED) this.#accepted.clear();
    this.#accepted.set(pair, judgement.untilMs);
    return { accepted: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  #apply({ authorities, complaints }: Reading): void {
    this.#authorities = authorities;
    this.#accepted.clear();
    for (const complaint of complaints) this.#log.warn({}, complaint);
  }
}

interface Case {
  readonly mspid: string;
  readonly certificate: Uint8Array;
  readonly authorities: readonly X509Certificate[];
  readonly nowMs: number;
}

type Judgement =
  { readonly accepted: true; readonly untilMs: number } | { readonly accepted: false; readonly reason: string };

function judge({ mspid, certificate, authorities, nowMs }: Case): Judgement {
  let client: X509Certificate;
  try {
    client = new X509Certificate(certificate);
  } catch (error) {
    return refuse(`the client certificate cannot be read: ${describeError(error)}`);
  }
  if (!organizationsOf(client).includes(mspid))
    return refuse(`${JSON.stringify(mspid)} is no organization (O=) of the client certificate`);
  if (!isValidAt(client, nowMs)) return refuse('the client certificate is not valid at this time');
  if (authorities.length === 0) return refuse(`there is no CA certificate of ${JSON.stringify(mspid)}`);
  const issuers = authorities.filter((authority) => isIssuer(authority, client));
  const issuer = issuers.find((authority) => isValidAt(authority, nowMs));
  if (issuer !== undefined) {
    return { accepted: true, untilMs: Math.min(client.validToDate.getTime(), issuer.validToDate.getTime()) };
  }
  if (issuers.length > 0) return refuse(`the CA certificate of ${JSON.stringify(mspid)} is not valid at this time`);
  return refuse(`the client certificate is signed by no CA of ${JSON.stringify(mspid)}`);
}

function refuse(reason: string): { readonly accepted: false; readonly reason: string } {
  return { accepted: false, reason };
}

/** Names and key ids only say who claims to have signed; the signature says who did. */
function isIssuer(authority: X509Certificate, client: X509Certificate): boolean {
  return client.checkIssued(authority) && client.verify(authority.publicKey);
}

function isValidAt(certificate: X509Certificate, nowMs: number): boolean {
  return certificate.validFromDate.getTime() <= nowMs && nowMs < certificate.validToDate.getTime();
}

/** From the structured subject: in the printed one, a common name could contain what looks like an organization. */
function organizationsOf(certificate: X509Certificate): readonly string[] {
  const organizations: unknown = certificate.toLegacyObject().subject.O;
  return [organizations].flat().filter((name) => typeof name === 'string');
}

async function readAuthorities(clientCaCertDir: string): Promise<Reading> {
  const authorities = new Map<string, readonly X509Certificate[]>();
  const complaints: string[] = [];
  for (const mspid of await visibleEntries(clientCaCertDir)) {
    const folder = join(clientCaCertDir, mspid);
    if (!(await stat(folder)).isDirectory()) continue;
    const certificates: X509Certificate[] = [];
    for (const name of await visibleEntries(folder))
      certificates.push(...(await readFileOf(join(folder, name), complaints)));
    if (certificates.length === 0)
      complaints.push(`${folder} has no CA certificate: clients of that organization are refused`);
    authorities.set(mspid, certificates);
  }
  return { authorities, complaints };
}

/** Kubernetes keeps the versions of a mounted Secret in entries that begin with two dots, beside the links to them. */
async function visibleEntries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
}

async function readFileOf(path: string, complaints: string[]): Promise<readonly X509Certificate[]> {
  if (!(await stat(path)).isFile()) return [];
  const content = await readFile(path);
  const certificates: X509Certificate[] = [];
  for (const block of content.toString('latin1').match(PEM) ?? [content]) {
    try {
      const certificate = new X509Certificate(block);
      if (certificate.ca) certificates.push(certificate);
      else complaints.push(`${path} has a certificate that is no CA: it is left out`);
    } catch {
      complaints.push(`${path} is no certificate: it is left out`);
    }
  }
  return certificates;
}

function fingerprintOf({ authorities, complaints }: Reading): string {
  const certificates = [...authorities].map(([mspid, list]) => [
    mspid,
    ...list.map((certificate) => certificate.fingerprint256),
  ]);
  return JSON.stringify([certificates, complaints]);
}
