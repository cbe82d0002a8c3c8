import { join } from 'node:path';
import { ContentWatch } from '../config/content-watch.ts';
import type { Log } from '../log/log.ts';
import { readAuthorityFolder } from './authority-files.ts';
import type { AuthorityFile, AuthorityFolder, OrganizationFiles } from './authority-files.ts';
import { isSelfSigned, nameOf } from './certificate.ts';
import type { ParsedCertificate } from './certificate.ts';

export interface ClientAuthoritiesOptions {
  /** CA certificates of each organization: `<dir>/<MSPID>/<file>`, PEM or DER, links are followed. */
  readonly dir: string;
  readonly log: Log;
  /** How often the files are read at least. */
  readonly intervalMs?: number | undefined;
}

/** The files that are in force, and what is to be said of them. */
interface State {
  readonly organizations: ReadonlyMap<string, OrganizationFiles>;
  readonly complaints: readonly string[];
}

/**
 * The CA certificates of the organizations. Follows their files: a file that breaks keeps its former content, and a
 * broken file of one organization is no matter of the others.
 */
export class ClientAuthorities implements AsyncDisposable {
  readonly #log: Log;
  readonly #watch: ContentWatch<State>;
  readonly #listeners: (() => void)[] = [];
  #state: State;
  #reported: ReadonlySet<string> = new Set();

  private constructor({ dir, log, intervalMs }: ClientAuthoritiesOptions, first: State) {
    this.#log = log;
    this.#state = first;
    this.#report();
    this.#watch = new ContentWatch({
      subject: `client CA certificates in ${dir}`,
      folders: [dir, ...[...first.organizations.keys()].map((mspid) => join(dir, mspid))],
      read: async () => {
        const content = await readState(dir, this.#state);
        return { fingerprint: fingerprintOf(content), content };
      },
      fingerprint: fingerprintOf(first),
      apply: (state) => {
        this.#state = state;
        this.#report();
        for (const listener of this.#listeners) listener();
      },
      log,
      intervalMs,
    });
  }

  /**
   * Reads the CA certificates and follows their files from then on.
   *
   * @throws Error when the folder cannot be read or holds no CA certificate. A file of no use is only logged.
   */
  static async open(options: ClientAuthoritiesOptions): Promise<ClientAuthorities> {
    return new ClientAuthorities(options, await readState(options.dir));
  }

  /** The roots and intermediates of an organization. */
  of(mspid: string): readonly ParsedCertificate[] {
    return certificatesOf(this.#state.organizations.get(mspid));
  }

  /** By MSP id, sorted. */
  all(): readonly (readonly [mspid: string, certificates: readonly ParsedCertificate[]])[] {
    return [...this.#state.organizations].map(([mspid, files]) => [mspid, certificatesOf(files)]);
  }

  /** All of them, PEM, for the TLS handshake. */
  pem(): Buffer {
    return Buffer.from(this.all().flatMap(([, list]) => list.map(({ x509 }) => x509.toString())).join(''));
  }

  /** Tells of changes. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watch[Symbol.asyncDispose]();
  }

  /** Says what is new; what was wrong before has been said. */
  #report(): void {
    const all = this.all();
    const findings = new Set([...this.#state.complaints, ...rootlessOrganizations(all), ...sharedAuthorities(all)]);
    for (const finding of findings) if (!this.#reported.has(finding)) this.#log.warn({}, finding);
    this.#reported = findings;
  }
}

async function readState(dir: string, former?: State): Promise<State> {
  const folder = await readAuthorityFolder(dir);
  const complaints: string[] = [];
  const organizations = new Map<string, OrganizationFiles>();
  for (const [mspid, files] of folder.organizations)
    organizations.set(mspid, mergeFiles(files, former?.organizations.get(mspid), complaints));
  keepUnreadable({ folder, former, organizations, complaints });
  if ([...organizations.values()].every((files) => certificatesOf(files).length === 0))
    throw new Error(`there is no CA certificate in ${dir}`);
  return { organizations, complaints };
}

/** A file that was good and is not any more keeps its former content; a new one gives what can be used of it. */
function mergeFiles(
  files: OrganizationFiles,
  former: OrganizationFiles | undefined,
  complaints: string[],
): OrganizationFiles {
  const merged = new Map<string, AuthorityFile>();
  for (const [path, file] of files) {
    const known = former?.get(path);
    const keep = file.faults.length > 0 && known !== undefined && known.certificates.length > 0;
    const consequence = keep ? 'its former content stays in force' : 'it is left out';
    complaints.push(...file.faults.map((fault) => `${fault}: ${consequence}`));
    merged.set(path, keep ? known : file);
  }
  return merged;
}

interface Unreadable {
  readonly folder: AuthorityFolder;
  readonly former: State | undefined;
  readonly organizations: Map<string, OrganizationFiles>;
  readonly complaints: string[];
}

function keepUnreadable({ folder, former, organizations, complaints }: Unreadable): void {
  for (const [mspid, fault] of folder.unreadable) {
    const known = former?.organizations.get(mspid);
    complaints.push(`${fault}: ${known === undefined ? 'it is left out' : 'its former content stays in force'}`);
    if (known !== undefined) organizations.set(mspid, known);
  }
}

type ByOrganization = readonly (readonly [mspid: string, certificates: readonly ParsedCertificate[]])[];

function rootlessOrganizations(all: ByOrganization): readonly string[] {
  return all.flatMap(([mspid, certificates]) => {
    if (certificates.length === 0) return [`${mspid} has no CA certificate: clients of that organization are refused`];
    if (certificates.some(isSelfSigned)) return [];
    return [`${mspid} has intermediate CA certificates and no root: clients of that organization are refused`];
  });
}

/** Whoever runs a CA of two organizations can speak for both. By key: a renewed certificate is the same CA. */
function sharedAuthorities(all: ByOrganization): readonly string[] {
  const holders = new Map<string, { readonly name: string; readonly mspids: Set<string> }>();
  for (const [mspid, certificates] of all) {
    for (const certificate of certificates) {
      const key = certificate.x509.publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
      const holder = holders.get(key) ?? { name: nameOf(certificate), mspids: new Set<string>() };
      holder.mspids.add(mspid);
      holders.set(key, holder);
    }
  }
  return [...holders.values()]
    .filter(({ mspids }) => mspids.size > 1)
    .map(({ name, mspids }) => `the CA ${name} is in the folders of ${[...mspids].join(' and ')}: it can speak for each of them`);
}

function certificatesOf(files: OrganizationFiles | undefined): readonly ParsedCertificate[] {
  return [...(files?.values() ?? [])].flatMap(({ certificates }) => certificates);
}

function fingerprintOf({ organizations, complaints }: State): string {
  const certificates = [...organizations].map(([mspid, files]) => [
    mspid,
    ...[...files].map(([path, file]) => [path, ...file.certificates.map(({ x509 }) => x509.fingerprint256)]),
  ]);
  return JSON.stringify([certificates, complaints]);
}
