import type pg from 'pg';
import type { Account } from './account.ts';
import { codeOf, EmbeddedPostgresError, messageOf, OwnedByAnotherError } from './errors.ts';
import type { Layout } from './layout.ts';
import { closeSession, connectOwner, ensureDatabase, takeOwnership } from './owner-session.ts';
import { disownForeignPid, findPostmaster, isPostmasterOf, stopPostmaster } from './postmaster.ts';
import { freePort, type Settings, spawnPostmaster } from './spawn-postmaster.ts';
import { enterStart } from './start-mutex.ts';
import { poll } from './wait.ts';

/** All that is needed to start the database again. */
export interface Plan {
  readonly layout: Layout;
  readonly account: Account;
  readonly password: string;
  readonly settings: Settings;
  readonly startTimeoutMs: number;
}

/** A database that answers, and that this server owns. */
export interface Running {
  readonly pid: number;
  readonly port: number;
  /** It ran already. */
  readonly adopted: boolean;
  /** The session that holds the ownership. */
  readonly owner: pg.Client;
}

interface Candidate {
  readonly pid: number;
  readonly port: number;
  readonly adopted: boolean;
  readonly isGone: () => Promise<boolean>;
  /** Why it ended, once it has; of adopted ones that is not known. */
  readonly reason: () => string | undefined;
}

/** Ends of a fresh postmaster that another try may not meet: a start or an end of another one is under way. */
const passing = /lock file|Address already in use|could not create any TCP|shared memory block/i;

export interface BringUpOptions {
  /** Where it has to listen; any free port when it isn't given. */
  readonly port?: number;
  readonly signal: AbortSignal;
}

/**
 * Finds the folder's live postmaster or starts one, waits until it answers, and becomes its owner. What it starts in
 * vain it also stops.
 *
 * @throws EmbeddedPostgresError when it does not start in time, or was aborted.
 * @throws OwnedByAnotherError when another server owns it.
 */
export async function bringUp(plan: Plan, options: BringUpOptions): Promise<Running> {
  await using _turn = await enterStart(plan.layout.dataDir, { timeoutMs: plan.startTimeoutMs, signal: options.signal });
  let problem = 'it does not answer';
  const attempt = async () => {
    const candidate = await findOrSpawn(plan, options.port);
    const running = await own({ plan, candidate, ...options });
    if (running !== undefined) return running;
    problem = candidate.reason() ?? problem;
    if (candidate.reason() !== undefined && !passing.test(problem)) throw startError(plan, problem);
    return undefined;
  };
  const running = await poll(attempt, { timeoutMs: plan.startTimeoutMs, intervalMs: 200, signal: options.signal });
  if (running === undefined) throw startError(plan, problem);
  return running;
}

function startError({ layout, startTimeoutMs }: Plan, problem: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `the embedded PostgreSQL does not start in ${layout.home} (tried for at most ${startTimeoutMs / 1000} s; ${layout.logFile} has its log): ${problem}`,
  );
}

async function findOrSpawn(plan: Plan, port: number | undefined): Promise<Candidate> {
  const { layout } = plan;
  const existing = await findPostmaster(layout.cluster);
  if (existing !== undefined) {
    const isGone = async () => !(await isPostmasterOf(existing.pid, layout.cluster));
    return { ...existing, adopted: true, isGone, reason: () => undefined };
  }
  await disownForeignPid(layout.cluster);
  const chosen = port ?? (await freePort());
  const { pid, ended } = await spawnPostmaster({ ...plan, port: chosen });
  let reason: string | undefined;
  void ended.then((text) => (reason = text));
  const isGone = () => Promise.resolve(reason !== undefined);
  return { pid, port: chosen, adopted: false, isGone, reason: () => reason };
}

/** Whether a statement failed because the session ended. */
function isCut(error: unknown): boolean {
  return codeOf(error).startsWith('57P') || codeOf(error) === 'ECONNRESET' || messageOf(error).startsWith('Connection terminated');
}

interface OwnOptions extends BringUpOptions {
  readonly plan: Plan;
  readonly candidate: Candidate;
}

/** Becomes the owner of a candidate; undefined when it is gone, or was not usable and has been stopped. */
async function own({ plan, candidate, port, signal }: OwnOptions): Promise<Running | undefined> {
  const { layout, password, startTimeoutMs: timeoutMs } = plan;
  const isUsable = port === undefined || candidate.port === port;
  let owner: pg.Client | undefined;
  try {
    owner = await connectOwner({ port: candidate.port, password }, { timeoutMs, signal, isGone: candidate.isGone });
    if (owner !== undefined) {
      await takeOwnership(owner, layout.dataDir);
      await ensureDatabase(owner);
      if (isUsable) return { ...candidate, owner };
      // Someone started it elsewhere and left; connections of this server look for it at the old port.
      await stopPostmaster({ pid: candidate.pid, cluster: layout.cluster });
    }
  } catch (error) {
    if (owner !== undefined) await closeSession(owner);
    // It may be that one which another server just began to shut down.
    if (candidate.adopted && isCut(error)) return undefined;
    if (!candidate.adopted && !(error instanceof OwnedByAnotherError)) await stopPostmaster({ pid: candidate.pid, cluster: layout.cluster });
    throw error instanceof EmbeddedPostgresError ? error : startError(plan, messageOf(error));
  }
  if (!candidate.adopted) await stopPostmaster({ pid: candidate.pid, cluster: layout.cluster });
  return undefined;
}
