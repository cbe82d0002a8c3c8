import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Log } from '../log/log.ts';

const INTERVAL_MS = 1000;
const PING_TIMEOUT_MS = 3000;

/** A ping that also tells which servers the schema serves: it may be migrated while this one runs. */
const PING = 'SELECT serves FROM schema_migrations ORDER BY version DESC LIMIT 1';

/** Watches whether the database answers, and whether its schema stays one that servers like this can work on. */
export class StoreMonitor implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #log: Log;
  readonly #listeners: ((ready: boolean) => void)[] = [];
  readonly #schemaListeners: ((serves: number) => void)[] = [];
  readonly #closing = new AbortController();
  #isReady = true;
  #serves = 0;
  #working: Promise<void> | undefined;

  /** @param pool a pool that requests do not use up. */
  constructor(pool: Pool, log: Log) {
    this.#pool = pool;
    this.#log = log;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  onChange(listener: (ready: boolean) => void): void {
    this.#listeners.push(listener);
  }

  /** Tells of the oldest server that the schema serves, by the number of its newest migration, whenever it is another one. */
  onSchema(listener: (serves: number) => void): void {
    this.#schemaListeners.push(listener);
  }

  start(): void {
    this.#working ??= this.#watch();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#working;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#report(await this.#ping());
      await sleep(INTERVAL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  async #ping(): Promise<boolean> {
    const timeout = new AbortController();
    const late = sleep(PING_TIMEOUT_MS, false, { signal: AbortSignal.any([timeout.signal, this.#closing.signal]) });
    const answered = this.#pool.query<{ serves: number }>(PING).then(
      ({ rows: [newest] }) => {
        this.#reportSchema(newest?.serves ?? 0);
        return true;
      },
      () => false,
    );
    try {
      return await Promise.race([answered, late]);
    } catch {
      return this.#isReady;
    } finally {
      timeout.abort();
      late.catch(() => undefined);
    }
  }

  #reportSchema(serves: number): void {
    if (serves === this.#serves) return;
    this.#serves = serves;
    for (const listener of this.#schemaListeners) listener(serves);
  }

  #report(isReady: boolean): void {
    if (isReady === this.#isReady) return;
    this.#isReady = isReady;
    if (isReady) this.#log.info({}, 'the database answers again');
    else this.#log.warn({}, 'the database does not answer: not ready');
    for (const listener of this.#listeners) listener(isReady);
  }
}
