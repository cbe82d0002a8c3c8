import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { chooseAccount } from './account.ts';
import { packagedBinaries } from './binaries.ts';
import { bringUp, type Plan, type Running } from './bring-up.ts';
import { databaseUser, prepareCluster, prepareDataDir } from './cluster.ts';
import { messageOf, OwnedByAnotherError } from './errors.ts';
import { layoutOf } from './layout.ts';
import { isPostmasterOf, stopPostmaster } from './postmaster.ts';
import type { Settings } from './spawn-postmaster.ts';
import { enterStart } from './start-mutex.ts';

/** Where the embedded database reports; pino's loggers fit. */
export interface EmbeddedPostgresLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface EmbeddedPostgresOptions {
  /** The server's data folder; it is made when it does not exist. The database lives in `postgres` below it. */
  readonly dataDir: string;
  readonly log: EmbeddedPostgresLog;
  /** A folder with `postgres` and `initdb`, instead of those of the npm package. */
  readonly binDir?: string;
  /** Settings of PostgreSQL over the built-in ones. With `fsync` off the files aren't synced at their making either. */
  readonly settings?: Settings;
  /** How long a start may take, crash recovery included; 120 s unless said otherwise. */
  readonly startTimeoutMs?: number;
}

/** The database ended although nobody stopped it. */
export interface DatabaseEnd {
  readonly reason: string;
  /** It is not started again: another server owns the folder now. */
  readonly final: boolean;
}

/** A running database. */
export interface EmbeddedPostgres extends AsyncDisposable {
  /** Leads to the server's own database; stays the same until `stop`, over crashes too. */
  readonly connectionString: string;
  /** PostgreSQL's version, such as `18.4`. */
  readonly version: string;
  /** The server's data folder, absolute. */
  readonly dataDir: string;
  /** The id of PostgreSQL's main process now. */
  readonly pid: number;
  /** It ran already when it was asked for: an earlier server had been killed. */
  readonly adopted: boolean;
  /** Tells of every end that nobody asked for. */
  onExit(listener: (end: DatabaseEnd) => void): void;
  /** Shuts the database down and waits for its end, 15 s at most. */
  stop(): Promise<void>;
}

const defaultStartTimeoutMs = 120_000;
const firstBackOffMs = 100;
const longestBackOffMs = 5_000;
const watchIntervalMs = 500;

/**
 * Runs a PostgreSQL of this server's own on a free port of 127.0.0.1.
 *
 * The database outlives a killed server; the next start on the folder adopts it. When the database itself dies, it is
 * started again on the same port.
 *
 * @throws EmbeddedPostgresError in one sentence when it can't run, or another server uses the folder.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const layout = layoutOf(resolve(options.dataDir));
  const settings = options.settings ?? {};
  const startTimeoutMs = options.startTimeoutMs ?? defaultStartTimeoutMs;
  await prepareDataDir(layout.dataDir);
  const account = await chooseAccount({ layout, packaged: options.binDir === undefined ? packagedBinaries() : { binDir: options.binDir } });
  let password: string;
  {
    await using _turn = await enterStart(layout.dataDir, { timeoutMs: startTimeoutMs });
    password = await prepareCluster({ layout, account, sync: settings['fsync'] !== 'off' });
  }
  const plan: Plan = { layout, account, password, settings, startTimeoutMs };
  return new SupervisedPostgres({ plan, running: await bringUp(plan, { signal: new AbortController().signal }), log: options.log });
}

class SupervisedPostgres implements EmbeddedPostgres {
  readonly connectionString: string;
  readonly version: string;
  readonly dataDir: string;
  readonly adopted: boolean;
  readonly #plan: Plan;
  readonly #log: EmbeddedPostgresLog;
  readonly #listeners: ((end: DatabaseEnd) => void)[] = [];
  readonly #stopping = new AbortController();
  /** Resolves when the supervision has ended; with the database to stop, if it is still ours. */
  readonly #supervision: Promise<void>;
  #running: Running;
  #stopped: Promise<void> | undefined;
  #lost = false;

  constructor({ plan, running, log }: { readonly plan: Plan; readonly running: Running; readonly log: EmbeddedPostgresLog }) {
    this.#plan = plan;
    this.#running = running;
    this.#log = log;
    this.version = plan.account.version;
    this.dataDir = plan.layout.dataDir;
    this.adopted = running.adopted;
    this.connectionString = `postgres://${databaseUser}:${plan.password}@127.0.0.1:${running.port}/${databaseUser}`;
    log.info({ pid: running.pid, port: running.port, version: this.version }, running.adopted ? 'embedded PostgreSQL adopted' : 'embedded PostgreSQL started');
    this.#supervision = this.#supervise();
  }

  get pid(): number {
    return this.#running.pid;
  }

  onExit(listener: (end: DatabaseEnd) => void): void {
    this.#listeners.push(listener);
  }

  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #stop(): Promise<void> {
    this.#stopping.abort();
    await this.#supervision;
    if (this.#lost) return;
    // The owner's session stays open until the end: nobody can adopt a database that is shutting down.
    await stopPostmaster({ pid: this.#running.pid, cluster: this.#plan.layout.cluster });
    this.#log.info({ pid: this.#running.pid }, 'embedded PostgreSQL stopped');
  }

  async #supervise(): Promise<void> {
    while (!this.#stopping.signal.aborted && !this.#lost) {
      const reason = await this.#sessionEnd();
      if (reason === undefined) return;
      await this.#restart(reason);
    }
  }

  /** Waits for the end of the owner's session, which comes with every end of the database; undefined when we stop. */
  async #sessionEnd(): Promise<string | undefined> {
    const { owner, pid } = this.#running;
    const { promise: ended, resolve: end } = Promise.withResolvers<string | undefined>();
    const onStop = () => end(undefined);
    const onCut = () => end('its main session was cut');
    owner.once('end', onCut);
    // It may have been cut before anybody listened. A late answer is no cut: the session still holds the ownership.
    owner.query('SELECT 1').catch((error: unknown) => (messageOf(error) === 'Query read timeout' ? undefined : onCut()));
    this.#stopping.signal.addEventListener('abort', onStop);
    if (this.#stopping.signal.aborted) onStop();
    const timer = setInterval(() => {
      void isPostmasterOf(pid, this.#plan.layout.cluster).then((alive) => (alive ? undefined : end('its process is gone')));
    }, watchIntervalMs);
    timer.unref();
    try {
      return await ended;
    } finally {
      clearInterval(timer);
      this.#stopping.signal.removeEventListener('abort', onStop);
    }
  }

  async #restart(reason: string): Promise<void> {
    this.#tell({ reason, final: false });
    for (let backOffMs = firstBackOffMs; !this.#stopping.signal.aborted; backOffMs = Math.min(backOffMs * 2, longestBackOffMs)) {
      try {
        this.#running = await bringUp(this.#plan, { port: this.#running.port, signal: this.#stopping.signal });
        this.#log.info({ pid: this.#running.pid }, 'embedded PostgreSQL answers again');
        return;
      } catch (error) {
        if (error instanceof OwnedByAnotherError) {
          this.#lost = true;
          this.#tell({ reason: error.message, final: true });
          return;
        }
        this.#log.warn({ backOffMs }, `embedded PostgreSQL is not back yet: ${messageOf(error)}`);
        await delay(backOffMs, undefined, { signal: this.#stopping.signal, ref: false }).catch(() => undefined);
      }
    }
  }

  #tell(end: DatabaseEnd): void {
    this.#log.warn({ pid: this.#running.pid, final: end.final }, `embedded PostgreSQL ended: ${end.reason}`);
    for (const listener of this.#listeners) listener(end);
  }
}
