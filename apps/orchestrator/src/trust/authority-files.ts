import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { describeError } from '../log/describe-error.ts';
import { parseCertificate } from './certificate.ts';
import type { ParsedCertificate } from './certificate.ts';

/** What a file of an organization's folder holds. */
export interface AuthorityFile {
  readonly certificates: readonly ParsedCertificate[];
  /** What is of no use in it, a sentence each. */
  readonly faults: readonly string[];
}

/** The files of an organization by path. */
export type OrganizationFiles = ReadonlyMap<string, AuthorityFile>;

/** What the folder of all organizations holds, by MSP id. */
export interface AuthorityFolder {
  readonly organizations: ReadonlyMap<string, OrganizationFiles>;
  /** Folders that cannot be read, with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
}

/** More than any CA bundle has; a mistaken mount of something huge must not fill the memory. */
const MAX_FILE_BYTES = 1024 * 1024;

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/**
 * Reads `<dir>/<MSPID>/<file>`, PEM (several in a file) or DER; links are followed.
 *
 * @throws when the folder itself cannot be read.
 */
export async function readAuthorityFolder(dir: string): Promise<AuthorityFolder> {
  const organizations = new Map<string, OrganizationFiles>();
  const unreadable = new Map<string, string>();
  for (const mspid of await visibleEntries(dir)) {
    const folder = join(dir, mspid);
    try {
      if ((await stat(folder)).isDirectory()) organizations.set(mspid, await readOrganization(folder));
    } catch (error) {
      unreadable.set(mspid, `${folder} cannot be read: ${describeError(error)}`);
    }
  }
  return { organizations, unreadable };
}

async function readOrganization(folder: string): Promise<OrganizationFiles> {
  const files = new Map<string, AuthorityFile>();
  for (const name of await visibleEntries(folder)) {
    const path = join(folder, name);
    const file = await readFileAt(path);
    if (file !== undefined) files.set(path, file);
  }
  return files;
}

/** Kubernetes keeps the versions of a mounted Secret in entries that begin with two dots, beside the links to them. */
async function visibleEntries(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted();
}

async function readFileAt(path: string): Promise<AuthorityFile | undefined> {
  try {
    const found = await stat(path);
    if (!found.isFile()) return undefined;
    if (found.size > MAX_FILE_BYTES) return { certificates: [], faults: [`${path} is too large for a certificate`] };
    return parseFile(path, await readFile(path));
  } catch (error) {
    return { certificates: [], faults: [`${path} cannot be read: ${describeError(error)}`] };
  }
}

function parseFile(path: string, content: Buffer): AuthorityFile {
  const certificates: ParsedCertificate[] = [];
  const faults: string[] = [];
  for (const block of content.toString('latin1').match(PEM) ?? [content]) {
    try {
      const certificate = parseCertificate(block);
      if (certificate.isAuthority) certificates.push(certificate);
      else faults.push(`${path} has a certificate that is no CA`);
    } catch {
      faults.push(`${path} is no certificate`);
    }
  }
  return { certificates, faults };
}
