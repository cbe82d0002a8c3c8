import { execFile } from 'node:child_process';
import { chown, readFile, readlink, rename, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf, EmbeddedPostgresError } from './errors.ts';
import { poll } from './wait.ts';

/** PostgreSQL's main process, as the file that it keeps in its folder describes it. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** No process ever has this id. */
const impossiblePid = 2_147_483_646;

const portLine = 3;

/** Whether there is a process with this id, whatever it is. */
export function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

/** The live postmaster of a folder, or undefined. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const lines = await readPidFile(cluster);
  const pid = Number(lines?.[0]);
  const port = Number(lines?.[portLine]);
  // The port is written a moment after the id.
  if (!Number.isSafeInteger(port) || port <= 0 || !(await isPostmasterOf(pid, cluster))) return undefined;
  return { pid, port };
}

/**
 * Frees a folder from a pid file whose process is gone, but whose id now belongs to a process of somebody else:
 * PostgreSQL would believe that one to be its postmaster. The file stays, with an id that nobody has, since its other
 * lines let PostgreSQL find out whether children of the dead postmaster still write.
 */
export async function disownForeignPid(cluster: string): Promise<void> {
  const lines = await readPidFile(cluster);
  if (lines === undefined) return;
  const pid = Number(lines[0]);
  if (!isAlive(pid) || (await isPostmasterOf(pid, cluster))) return;
  const file = join(cluster, 'postmaster.pid');
  const { uid, gid, mode } = await stat(file);
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, [impossiblePid, ...lines.slice(1)].join('\n'), { mode });
  if (process.getuid?.() === 0) await chown(fresh, uid, gid);
  await rename(fresh, file);
}

async function readPidFile(cluster: string): Promise<readonly string[] | undefined> {
  try {
    const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8');
    return text.split('\n').map((line) => line.trim());
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether this process is a PostgreSQL server on this very folder. A dead one that nobody has reaped is not. */
export async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const command = await commandLineOf(pid);
  if (basename(command[0] ?? '') !== 'postgres') return false;
  const folder = await workingFolderOf(pid);
  if (folder !== undefined) return await isSameFolder(folder, cluster);
  // Containers hide the working folder of other users' processes even from root.
  const argument = command[command.indexOf('-D') + 1];
  return argument !== undefined && (await isSameFolder(argument, cluster));
}

async function commandLineOf(pid: number): Promise<readonly string[]> {
  try {
    if (process.platform === 'linux') return (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
    const { stdout } = await promisify(execFile)('ps', ['-p', String(pid), '-o', 'command='], { timeout: 5_000 });
    return stdout.trim().split(' ');
  } catch {
    return [];
  }
}

async function workingFolderOf(pid: number): Promise<string | undefined> {
  try {
    return await readlink(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}

async function isSameFolder(one: string, other: string): Promise<boolean> {
  try {
    const [a, b] = await Promise.all([stat(one), stat(other)]);
    return a.dev === b.dev && a.ino === b.ino;
  } catch {
    return false;
  }
}

/** What to do to a postmaster, and how long to wait for its end. */
export interface Ending {
  readonly signal: NodeJS.Signals;
  readonly waitMs: number;
}

/** From the gentlest way on. */
const defaultEndings: readonly Ending[] = [
  { signal: 'SIGINT', waitMs: 6_000 },
  { signal: 'SIGQUIT', waitMs: 6_000 },
  { signal: 'SIGKILL', waitMs: 3_000 },
];

export interface StopOptions {
  readonly pid: number;
  /** The folder on which it has to run: the id may be somebody else's by now. */
  readonly cluster: string;
  readonly endings?: readonly Ending[];
}

/** Shuts a postmaster down: sessions are cut, data are flushed. Harder, without a flush, when that takes too long. */
export async function stopPostmaster({ pid, cluster, endings = defaultEndings }: StopOptions): Promise<void> {
  for (const { signal, waitMs } of endings) {
    if (!(await isPostmasterOf(pid, cluster))) return;
    process.kill(pid, signal);
    const gone = await poll(async () => ((await isPostmasterOf(pid, cluster)) ? undefined : true), { timeoutMs: waitMs });
    if (gone === true) return;
  }
  throw new EmbeddedPostgresError(`the embedded PostgreSQL (process ${pid}) does not end`);
}
