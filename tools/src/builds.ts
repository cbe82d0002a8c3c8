import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const MIGRATIONS = 'src/standalone/migrations';

/** A server of this product as it lies in a folder. */
export interface Build {
  /** The folder of the application. */
  readonly folder: string;
  /** The program that starts it. */
  readonly launcher: string;
  /** The number of its newest migration. */
  readonly schemaVersion: number;
}

/** What a later build has besides. */
export interface NextBuildOptions {
  /** The build that it follows; this one by default. */
  readonly after?: Build;
  /** Its version, as `orchestrator --version` says it. */
  readonly version: string;
  /** Its migration, without the header. */
  readonly sql: string;
  /** The number of the newest migration of the oldest build that works on the migrated schema. */
  readonly serves: number;
}

/** This build: the sources that the tests run on. */
export async function thisBuild(): Promise<Build> {
  const folder = join(root, 'apps/orchestrator');
  const files = (await readdir(join(folder, MIGRATIONS))).filter((file) => file.endsWith('.sql'));
  return describeBuild(folder, Math.max(...files.map((file) => Number.parseInt(file, 10))));
}

/** A later build: a copy with one migration more and another version. Dispose of it to remove it. */
export async function nextBuild({ after, version, sql, serves }: NextBuildOptions): Promise<Build & AsyncDisposable> {
  const earlier = after ?? (await thisBuild());
  const schemaVersion = earlier.schemaVersion + 1;
  // Below the repository's root, so that it finds the packages.
  await mkdir(join(root, 'tmp'), { recursive: true });
  const parent = await mkdtemp(join(root, 'tmp/next-build-'));
  const folder = join(parent, 'apps/orchestrator');
  await cp(earlier.folder, folder, { recursive: true, verbatimSymlinks: true, filter: (path) => path !== join(earlier.folder, 'dist') });
  // And what the applications have in common beside them.
  const beside = (await readdir(join(earlier.folder, '..'), { withFileTypes: true })).filter((entry) => entry.isFile());
  await Promise.all(beside.map(({ name }) => cp(join(earlier.folder, '..', name), join(folder, '..', name))));
  const file = `${String(schemaVersion).padStart(4, '0')}_of_the_next_build.sql`;
  await writeFile(join(folder, MIGRATIONS, file), `-- serves: ${serves}\n${sql}\n`);
  const manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as object;
  await writeFile(join(folder, 'package.json'), JSON.stringify({ ...manifest, version }));
  return {
    ...describeBuild(folder, schemaVersion),
    [Symbol.asyncDispose]: () => rm(parent, { recursive: true, force: true }),
  };
}

function describeBuild(folder: string, schemaVersion: number): Build {
  return { folder, launcher: join(folder, 'bin/orchestrator'), schemaVersion };
}
