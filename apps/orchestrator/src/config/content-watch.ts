import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { describeError } from '../log/describe-error.ts';
import type { Log } from '../log/log.ts';

/** Often enough for people, and rarely enough to cost nothing. */
const DEFAULT_INTERVAL_MS = 3000;

/** A file is often written in several steps: the first sign of a change is too early to read it. */
const SETTLE_MS = 100;

export interface ContentWatchOptions<T> {
  /** What is followed, for the log. */
  readonly subject: string;
  /** A change in one of these is looked into at once; any other is found by reading again and again. */
  readonly folders: readonly string[];
  /**
   * Reads all that is followed, and throws when it cannot be used: the old content stays then. Equal contents have
   * equal fingerprints.
   */
  readonly read: () => Promise<{ readonly fingerprint: string; readonly content: T }>;
  /** The fingerprint of what the owner has already. */
  readonly fingerprint: string;
  /** Takes the new content. */
  readonly apply: (content: T) => void;
  readonly log: Log;
  readonly intervalMs?: number | undefined;
}

/**
 * Follows the content of files through every way in which they change: written in place, replaced, or behind
 * a link that now points elsewhere (which is how Kubernetes updates mounted ConfigMaps and Secrets).
 */
export class ContentWatch<T> implements AsyncDisposable {
  readonly #options: ContentWatchOptions<T>;
  readonly #watchers: FSWatcher[] = [];
  readonly #timer: NodeJS.Timeout;
  #fingerprint: string;
  #lastFault: string | undefined;
  #settling: NodeJS.Timeout | undefined;
  #reading: Promise<void> | undefined;
  #closed = false;

  constructor(options: ContentWatchOptions<T>) {
    this.#options = options;
    this.#fingerprint = options.fingerprint;
    this.#timer = setInterval(() => this.#look(), options.intervalMs ?? DEFAULT_INTERVAL_MS).unref();
    for (const folder of options.folders) this.#watchFolder(folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    clearTimeout(this.#settling);
    for (const watcher of this.#watchers) watcher.close();
    await this.#reading;
  }

  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#lookSoon());
      // The timer finds changes too, only later.
      watcher.on('error', () => watcher.close());
      this.#watchers.push(watcher);
    } catch (error) {
      this.#options.log.debug({ folder, error }, 'the folder cannot be watched and is read at intervals only');
    }
  }

  #lookSoon(): void {
    if (this.#closed) return;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#look(), SETTLE_MS).unref();
  }

  #look(): void {
    if (this.#closed || this.#reading !== undefined) return;
    this.#reading = this.#readOnce().finally(() => {
      this.#reading = undefined;
    });
  }

  async #readOnce(): Promise<void> {
    const { read, apply, log, subject } = this.#options;
    try {
      const { fingerprint, content } = await read();
      this.#lastFault = undefined;
      if (fingerprint === this.#fingerprint || this.#closed) return;
      apply(content);
      this.#fingerprint = fingerprint;
      log.info({ subject }, `${subject}: the change is in force`);
    } catch (error) {
      const fault = describeError(error);
      if (fault !== this.#lastFault)
        log.warn({ subject }, `${subject}: the change is refused and the old state stays in force: ${fault}`);
      this.#lastFault = fault;
    }
  }
}
