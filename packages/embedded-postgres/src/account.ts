import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Binaries, copyBinaries, isComplete } from './binaries.ts';
import { codeOf, EmbeddedPostgresError } from './errors.ts';
import type { Layout } from './layout.ts';
import { type Launch, run } from './process.ts';

/** Under which account and with which programs PostgreSQL runs here. */
export interface Account {
  readonly launch: Launch;
  readonly binaries: Binaries;
  /** Who must own the database's files, where that isn't the server's own user. */
  readonly owner?: Owner;
  /** Such as `18.4`. */
  readonly version: string;
}

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root; this is the user that owns nothing else. */
const nobody: Owner = { uid: 65534, gid: 65534 };

const trialTimeoutMs = 20_000;

export interface AccountOptions {
  readonly layout: Layout;
  /** The programs, which need not be complete, or reachable by the account. */
  readonly packaged: Binaries;
  /** Util-linux's program of that name. */
  readonly setpriv?: string;
}

/**
 * Finds a way to run PostgreSQL by trying it.
 *
 * @throws EmbeddedPostgresError when there is none.
 */
export async function chooseAccount({ layout, packaged, setpriv = 'setpriv' }: AccountOptions): Promise<Account> {
  const binaries =
    (await isComplete(packaged)) || packaged.native === undefined ? packaged : await copyBinaries(packaged.native, layout.binaries);
  const existing = await ownerOf(layout);
  if (process.getuid?.() === 0) return await chooseForRoot({ layout, binaries, owner: existing ?? nobody, setpriv });
  refuseForeignOwner(layout, existing);
  const launch = { prefix: [] };
  const trial = await tryVersion(launch, { binaries, layout });
  if (trial.version === undefined) throw new EmbeddedPostgresError(`the embedded PostgreSQL does not start: ${trial.problem}`);
  return { launch, binaries, version: trial.version };
}

async function ownerOf(layout: Layout): Promise<Owner | undefined> {
  try {
    const { uid, gid } = await stat(layout.cluster);
    return { uid, gid };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw new EmbeddedPostgresError(
      `the database in ${layout.home} can't be read (${codeOf(error)}): start the server as its owner, or choose another ORCHESTRATOR_DATA_DIR`,
      { cause: error },
    );
  }
}

function refuseForeignOwner(layout: Layout, existing: Owner | undefined): void {
  const uid = process.getuid?.();
  if (existing === undefined || uid === undefined || existing.uid === uid) return;
  throw new EmbeddedPostgresError(
    `the database in ${layout.home} belongs to user ${existing.uid}, this server runs as user ${uid}: start it as the owner or as root, or choose another ORCHESTRATOR_DATA_DIR`,
  );
}

interface RootOptions {
  readonly layout: Layout;
  readonly binaries: Binaries;
  readonly owner: Owner;
  readonly setpriv: string;
}

/**
 * Root starts the database as the files' owner. `setpriv` can leave it root's access to folders that this user can't
 * enter (a checkout under /root); without it, all folders on the way must be open to everybody.
 */
async function chooseForRoot({ layout, binaries, owner, setpriv }: RootOptions): Promise<Account> {
  if (owner.uid === 0) {
    throw new EmbeddedPostgresError(
      `the database in ${layout.home} belongs to root, as whom PostgreSQL does not run: give it to another user (chown -R), or choose another ORCHESTRATOR_DATA_DIR`,
    );
  }
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'];
  const capabilities = ['--inh-caps=-all,+dac_override', '--ambient-caps=-all,+dac_override'];
  // Without this bit, access(2), by which initdb looks for its companions, ignores the capability.
  const withAccess: Launch = { prefix: [setpriv, '--securebits=+no_setuid_fixup', ...identity, ...capabilities] };
  const first = await tryVersion(withAccess, { binaries, layout });
  if (first.version !== undefined) return { launch: withAccess, binaries, owner, version: first.version };

  const plain: Launch = { prefix: [], ...owner };
  const copy = binaries.native === undefined ? undefined : () => copyBinaries(binaries.native ?? '', layout.binaries);
  for (const candidate of [() => Promise.resolve(binaries), copy]) {
    const usable = await candidate?.();
    if (usable === undefined) continue;
    const { version } = await tryVersion(plain, { binaries: usable, layout });
    if (version !== undefined) return { launch: plain, binaries: usable, owner, version };
  }
  throw new EmbeddedPostgresError(
    `PostgreSQL does not run as root, and user ${owner.uid} can't enter ${layout.dataDir}: install setpriv (util-linux), start the server as another user, or choose an ORCHESTRATOR_DATA_DIR that everybody can enter (${first.problem})`,
  );
}

type TrialOptions = Pick<RootOptions, 'binaries' | 'layout'>;

/** Lets `initdb` look around, without making anything: as the user, by the programs and in the folder of the database. */
async function tryVersion(launch: Launch, { binaries, layout }: TrialOptions): Promise<{ version?: string; problem: string }> {
  const script = 'cd "$1" && exec "$2" --show --pgdata="$1/trial"';
  const args = ['-c', script, 'sh', layout.dataDir, join(binaries.binDir, 'initdb')];
  const result = await run(launch, { program: '/bin/sh', args, cwd: '/', timeoutMs: trialTimeoutMs });
  const version = /^VERSION=(\d+[.\w]*)/m.exec(result.stderr)?.[1];
  if (result.exitCode === 0 && version !== undefined) return { version, problem: '' };
  const problem = result.stderr.trim().split('\n').at(-1) ?? '';
  return { problem: problem === '' ? 'no answer' : problem };
}
