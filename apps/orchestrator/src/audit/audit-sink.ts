import { closeSync, openSync, writeSync } from 'node:fs';
import type { Log } from '../log/log.ts';

/** Takes whole lines of the audit log. */
export interface AuditSink extends Disposable {
  write(line: string): void;
  /** Opens the file of that name anew, after the old one was moved away. */
  reopen(): void;
}

export interface AuditSinkOptions {
  /** A path, or `stdout`. */
  readonly target: string;
  readonly log: Log;
}

/** Only the server's own user needs to read it. */
const MODE = 0o600;

/**
 * Opens the audit log for appending.
 *
 * @throws Error when the file cannot be opened.
 */
export function openAuditSink({ target, log }: AuditSinkOptions): AuditSink {
  return target === 'stdout' ? new StdoutSink() : new FileSink(target, log);
}

class StdoutSink implements AuditSink {
  // Not synchronous: a reader that falls behind must not stop the event loop.
  write(line: string): void {
    process.stdout.write(line);
  }

  reopen(): void {}

  [Symbol.dispose](): void {}
}

/**
 * Writes at once and whole: a line is with the kernel before the next request is looked at, so a killed process loses
 * none. O_APPEND keeps lines whole when the file is cut short or shared.
 */
class FileSink implements AuditSink {
  readonly #path: string;
  readonly #log: Log;
  #fd: number;
  #isFailing = false;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
    this.#fd = openSync(path, 'a', MODE);
  }

  write(line: string): void {
    try {
      const bytes = Buffer.from(line);
      for (let sent = 0; sent < bytes.length; ) sent += writeSync(this.#fd, bytes, sent);
      if (this.#isFailing) this.#log.warn({ path: this.#path }, 'the audit log can be written again');
      this.#isFailing = false;
    } catch (error) {
      // Requests go on: a full disk of logs must not stop the organizations. Once, or the log would fill up as well.
      if (!this.#isFailing) this.#log.error({ error, path: this.#path }, 'the audit log cannot be written: entries are lost');
      this.#isFailing = true;
    }
  }

  reopen(): void {
    try {
      const fd = openSync(this.#path, 'a', MODE);
      closeSync(this.#fd);
      this.#fd = fd;
      this.#log.info({ path: this.#path }, 'the audit log is open anew');
    } catch (error) {
      this.#log.error({ error, path: this.#path }, 'the audit log cannot be opened anew: the old file goes on');
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
