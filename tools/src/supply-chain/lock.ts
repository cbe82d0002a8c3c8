import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const repositoryRoot = join(import.meta.dirname, '../../..');

/** A package of the registry, as package-lock.json has it. */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, or whatever the package says. */
  readonly license: string;
  /** Part of what runs in production; the others build and test. */
  readonly delivered: boolean;
  readonly hasInstallScript: boolean;
  readonly integrity: string | undefined;
  /** Absent with the setting that keeps registry hosts out of the file. */
  readonly resolved: string | undefined;
}

interface Entry {
  readonly name?: string;
  readonly version?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
  /** Of a link: the folder that it leads to. */
  readonly resolved?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type Entries = ReadonlyMap<string, Entry>;

const FOLDER = 'node_modules/';

/** What is delivered: the programs. Everything else is theirs, or only builds and tests. */
const PROGRAMS = /^apps\/[^/]+$/;

/** Everything that `npm ci` installs from outside. */
export function lockedPackages(): readonly LockedPackage[] {
  const entries = readLock();
  const delivered = deliveredPaths(entries);
  return [...entries].flatMap(([path, entry]) => {
    if (!path.includes(FOLDER) || entry.link === true) return [];
    return [
      {
        name: nameOf(path, entry),
        version: entry.version ?? '',
        license: entry.license ?? '',
        delivered: delivered.has(path),
        hasInstallScript: entry.hasInstallScript === true,
        integrity: entry.integrity,
        resolved: entry.resolved,
      },
    ];
  });
}

/** The delivered packages, our own too, as `name@version`. */
export function deliveredReferences(): ReadonlySet<string> {
  const entries = readLock();
  const references = [...deliveredPaths(entries)].map((path) => {
    const entry = entries.get(path) ?? {};
    return `${nameOf(path, entry)}@${entry.version ?? ''}`;
  });
  return new Set(references);
}

function readLock(): Entries {
  const lock = JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Entry>>;
  };
  return new Map(Object.entries(lock.packages));
}

function nameOf(path: string, { name }: Entry): string {
  return name ?? path.slice(path.lastIndexOf(FOLDER) + FOLDER.length);
}

/** The programs and all that they depend on, found as Node finds it. The lock's own `dev` mark knows only the root. */
function deliveredPaths(entries: Entries): ReadonlySet<string> {
  const found = new Set<string>();
  const open = [...entries.keys()].filter((path) => PROGRAMS.test(path));
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    const { dependencies, optionalDependencies, peerDependencies } = entries.get(path) ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      const target = resolve(entries, path, name);
      if (target !== undefined) open.push(target);
    }
  }
  return found;
}

/** Optional and peer dependencies may be missing. */
function resolve(entries: Entries, from: string, name: string): string | undefined {
  for (let folder = from; ; folder = folder.slice(0, Math.max(folder.lastIndexOf('/'), 0))) {
    const path = folder === '' ? `${FOLDER}${name}` : `${folder}/${FOLDER}${name}`;
    const entry = entries.get(path);
    if (entry !== undefined) return entry.link === true ? entry.resolved : path;
    if (folder === '') return undefined;
  }
}
