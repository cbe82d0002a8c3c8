import { randomBytes } from 'node:crypto';
import { access, chown, constants, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Account } from './account.ts';
import { codeOf, EmbeddedPostgresError } from './errors.ts';
import { draftPrefix, type Layout, layoutOfHome } from './layout.ts';
import { isAlive } from './postmaster.ts';
import { run } from './process.ts';

/** The database's superuser, who is also the name of its database. */
export const databaseUser = 'orchestrator';

const initTimeoutMs = 120_000;

/** Only this machine, only with the password. */
const hostBasedAuthentication = 'host all all 127.0.0.1/32 scram-sha-256\n';

/** Makes the data folder, or checks that it can be written. */
export async function prepareDataDir(dataDir: string): Promise<void> {
  try {
    await makeFolder(dataDir);
    await access(dataDir, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new EmbeddedPostgresError(
      `the data folder ${dataDir} can't be written (${codeOf(error)}): allow it, or choose another ORCHESTRATOR_DATA_DIR`,
      { cause: error },
    );
  }
}

/** As a recursive mkdir, which never ends below a folder that denies knowing the new one (/proc). */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path || existsSync(dirname(path))) throw error;
    await makeFolder(dirname(path));
    await mkdir(path);
  }
}

export interface ClusterOptions {
  readonly layout: Layout;
  readonly account: Account;
  /** Whether the new files have to reach the disk. */
  readonly sync: boolean;
}

/**
 * Makes the database's files unless they are there.
 *
 * They are made in a draft folder that gets its name when it is complete: what is there is never half-made, and of two
 * starts at once the slower one takes what the faster one made.
 *
 * @returns the password of `databaseUser`.
 */
export async function prepareCluster(options: ClusterOptions): Promise<string> {
  const { layout, account } = options;
  await removeDrafts(layout.dataDir);
  if (!(await exists(layout.home))) await createHome(options);
  await checkVersion(layout, account);
  return await readPassword(layout);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** Removes what a killed start left. A draft belongs to the process whose id is in its name. */
async function removeDrafts(dataDir: string): Promise<void> {
  for (const name of await readdir(dataDir)) {
    if (!name.startsWith(draftPrefix)) continue;
    const pid = Number.parseInt(name.slice(draftPrefix.length), 10);
    // Its initdb may still be at work; the next start removes the rest then.
    if (!isAlive(pid)) await rm(join(dataDir, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

async function createHome({ layout, account, sync }: ClusterOptions): Promise<void> {
  const draft = layoutOfHome(layout.dataDir, await mkdtemp(join(layout.dataDir, `${draftPrefix}${process.pid}-`)));
  try {
    await writeFile(draft.passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600, flag: 'wx' });
    await mkdir(draft.cluster, { mode: 0o700 });
    if (account.owner !== undefined) {
      const { uid, gid } = account.owner;
      for (const path of [draft.home, draft.passwordFile, draft.cluster]) await chown(path, uid, gid);
    }
    await initialize({ layout: draft, account, sync });
    await rename(draft.home, layout.home);
  } catch (error) {
    await rm(draft.home, { recursive: true, force: true });
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  }
}

async function initialize({ layout: draft, account, sync }: ClusterOptions): Promise<void> {
  const { exitCode, stderr } = await run(account.launch, {
    program: join(account.binaries.binDir, 'initdb'),
    args: [
      `--pgdata=${draft.cluster}`,
      `--username=${databaseUser}`,
      `--pwfile=${draft.passwordFile}`,
      '--encoding=UTF8',
      '--locale=C',
      '--auth=scram-sha-256',
      ...(sync ? [] : ['--no-sync']),
    ],
    cwd: draft.home,
    timeoutMs: initTimeoutMs,
  });
  if (exitCode !== 0) {
    const problem = stderr.split('\n').find((line) => /error|fatal|could not/i.test(line)) ?? 'initdb did not finish';
    throw new EmbeddedPostgresError(`the database can't be made in ${draft.dataDir}: ${problem.trim()}`);
  }
  await writeFile(join(draft.cluster, 'pg_hba.conf'), hostBasedAuthentication);
}

async function checkVersion(layout: Layout, account: Account): Promise<void> {
  const needed = account.version.split('.', 1)[0];
  const found = await readHomeFile(layout, join(layout.cluster, 'PG_VERSION'));
  if (found === needed) return;
  throw new EmbeddedPostgresError(
    `the database in ${layout.home} was made by PostgreSQL ${found}, this server brings PostgreSQL ${needed}: use the server that made it, or move the data with pg_dump`,
  );
}

async function readPassword(layout: Layout): Promise<string> {
  return await readHomeFile(layout, layout.passwordFile);
}

async function readHomeFile(layout: Layout, path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw new EmbeddedPostgresError(`${layout.home} is not a database that this server can use: ${path} can't be read (${codeOf(error)})`, {
      cause: error,
    });
  }
}
