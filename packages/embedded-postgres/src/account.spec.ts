import { chmod, chown, cp, lstat, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { chooseAccount } from './account.ts';
import { copyBinaries, isComplete, packagedBinaries } from './binaries.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { EmbeddedPostgresError } from './errors.ts';
import { layoutOf } from './layout.ts';
import { run } from './process.ts';
import { emptyDataDir, filledDataDir, isRoot, query, removeMaster, silent, start, startServerProcess } from './testing/data-dirs.ts';

afterAll(removeMaster);

const nobody = 65_534;

/** Binaries that any user can reach, wherever this checkout is. */
async function reachableBinaries(dir: string): Promise<string> {
  await chmod(dir, 0o755);
  return (await copyBinaries(packagedBinaries().native ?? '', join(dir, 'binaries'))).binDir;
}

it('refuses a database of another PostgreSQL version', async () => {
  await using dir = await filledDataDir();
  await writeFile(join(dir.cluster, 'PG_VERSION'), '14\n');
  const sentence = `the database in ${dir.path}/postgres was made by PostgreSQL 14, this server brings PostgreSQL 18: use the server that made it, or move the data with pg_dump`;
  await expect(start(dir.path)).rejects.toThrow(new EmbeddedPostgresError(sentence));
});

it('refuses a folder that is no database', async () => {
  await using dir = await emptyDataDir();
  await mkdir(dir.cluster, { recursive: true });
  if (isRoot) await chown(dir.cluster, nobody, nobody);
  await expect(start(dir.path)).rejects.toThrow(/is not a database that this server can use: .*PG_VERSION can't be read \(ENOENT\)/);
});

it('refuses a data folder that is a file', async () => {
  await using dir = await emptyDataDir();
  await writeFile(join(dir.path, 'file'), '');
  await expect(start(join(dir.path, 'file'))).rejects.toThrow(`the data folder ${dir.path}/file can't be written (EEXIST)`);
  // A recursive mkdir never ends here.
  await expect(start('/proc/orchestrator-data')).rejects.toThrow("can't be written (ENOENT)");
});

it('says what stops the database from starting', async () => {
  await using dir = await filledDataDir();
  await rm(join(dir.cluster, 'global/pg_control'));
  await expect(start(dir.path)).rejects.toThrow(/^the embedded PostgreSQL does not start in .*could not find the database system/);
});

it('completes the libraries that an install without scripts leaves out', async () => {
  await using dir = await emptyDataDir();
  const { native = '' } = packagedBinaries();
  const bare = join(dir.path, 'package');
  await cp(join(native, '../package.json'), join(bare, 'package.json'));
  await cp(native, join(bare, 'native'), { recursive: true, filter: async (path) => !(await lstat(path)).isSymbolicLink() });
  const incomplete = { binDir: join(bare, 'native/bin'), native: join(bare, 'native') };
  expect(await isComplete(incomplete)).toBe(false);

  const account = await chooseAccount({ layout: layoutOf(dir.path), packaged: incomplete });
  expect(account.version).toMatch(/^18\./);
  expect(await isComplete(account.binaries)).toBe(true);
  expect(dirname(dirname(dirname(account.binaries.binDir)))).toBe(dir.path);
});

it('says which package is missing when there are no programs to run', async () => {
  await using dir = await emptyDataDir();
  await expect(chooseAccount({ layout: layoutOf(dir.path), packaged: { binDir: join(dir.path, 'nothing') } })).rejects.toThrow(EmbeddedPostgresError);
});

it('kills a program that takes too long', async () => {
  const result = await run({ prefix: [] }, { program: '/bin/sleep', args: ['60'], cwd: '/', timeoutMs: 100 });
  expect(result.exitCode).toBeUndefined();
});

// What only root can set up. Everywhere else the other specs run as a plain user anyway.
if (isRoot) {
  it('runs as a plain user', async () => {
    await using dir = await emptyDataDir();
    const binDir = await reachableBinaries(dir.path);
    const dataDir = join(dir.path, 'data');
    await mkdir(dataDir);
    await chown(dataDir, nobody, nobody);
    const server = startServerProcess({ dataDir, binDir, uid: nobody });
    const { connectionString = '', error } = await server.outcome;
    expect(error).toBeUndefined();
    expect(await query(connectionString, 'SELECT 1')).toBe(1);
    server.child.kill('SIGKILL');
    // Root may take over what the plain user left.
    await using next = await start(dataDir);
    expect(next.adopted).toBe(true);
  });

  it('refuses a plain user who may not write the folder', async () => {
    await using dir = await emptyDataDir();
    const binDir = await reachableBinaries(dir.path);
    const { error } = await startServerProcess({ dataDir: join(dir.path, 'data'), binDir, uid: nobody }).outcome;
    expect(error).toBe(`the data folder ${dir.path}/data can't be written (EACCES): allow it, or choose another ORCHESTRATOR_DATA_DIR`);
  });

  it('refuses a plain user who does not own the database', async () => {
    await using dir = await filledDataDir();
    const binDir = await reachableBinaries(dir.path);
    await chmod(join(dir.path, 'postgres'), 0o755);
    await chmod(dir.path, 0o777);
    const { error } = await startServerProcess({ dataDir: dir.path, binDir, uid: 1 }).outcome;
    expect(error).toContain(`the database in ${dir.path}/postgres belongs to user ${nobody}, this server runs as user 1: `);
  });

  it('refuses a database that belongs to root', async () => {
    await using dir = await filledDataDir();
    await chown(dir.cluster, 0, 0);
    await expect(start(dir.path)).rejects.toThrow(`the database in ${dir.path}/postgres belongs to root, as whom PostgreSQL does not run`);
  });

  it("keeps root's access to folders that the database user can not enter", async () => {
    await using dir = await emptyDataDir();
    const hidden = join(dir.path, 'hidden');
    const { binDir } = await copyBinaries(packagedBinaries().native ?? '', join(hidden, 'binaries'));
    await chmod(hidden, 0o700);
    const dataDir = join(hidden, 'data');
    await using database = await startEmbeddedPostgres({ dataDir, binDir, log: silent, settings: { fsync: 'off' } });
    expect(await query(database.connectionString, 'SELECT 1')).toBe(1);
  });

  it('does without setpriv where everybody can enter the folders', async () => {
    await using dir = await emptyDataDir();
    await chmod(dir.path, 0o755);
    const account = await chooseAccount({ layout: layoutOf(dir.path), packaged: packagedBinaries(), setpriv: '/nonexistent/setpriv' });
    expect(account.launch).toEqual({ prefix: [], uid: nobody, gid: nobody });
  });

  it('copies binaries that the database user can not reach, when there is no setpriv', async () => {
    await using dir = await emptyDataDir();
    await chmod(dir.path, 0o755);
    const hidden = join(dir.path, 'hidden');
    const { native = '' } = packagedBinaries();
    const original = await copyBinaries(native, join(hidden, 'binaries'));
    await chmod(hidden, 0o700);
    await cp(join(native, '../package.json'), join(original.native ?? '', '../package.json'));
    const account = await chooseAccount({ layout: layoutOf(dir.path), packaged: original, setpriv: '/nonexistent/setpriv' });
    expect(account.binaries.binDir.startsWith(join(dir.path, 'postgres.binaries'))).toBe(true);
  });

  it('says what to do when the database user can not enter the folder', async () => {
    await using dir = await emptyDataDir();
    await expect(chooseAccount({ layout: layoutOf(dir.path), packaged: packagedBinaries(), setpriv: '/nonexistent/setpriv' })).rejects.toThrow(
      `user ${nobody} can't enter ${dir.path}: install setpriv (util-linux), start the server as another user, or choose`,
    );
  });
}
