import type { Log } from './log.ts';

export interface RecordedEntry {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** For tests: keeps what is logged. */
export class RecordingLog implements Log {
  readonly entries: RecordedEntry[] = [];

  debug(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ level: 'debug', message, fields });
  }

  info(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ level: 'info', message, fields });
  }

  warn(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ level: 'warn', message, fields });
  }

  error(fields: Readonly<Record<string, unknown>>, message: string): void {
    this.entries.push({ level: 'error', message, fields });
  }

  child(): Log {
    return this;
  }

  /** The messages of one level. */
  messages(level: RecordedEntry['level']): readonly string[] {
    return this.entries.filter((entry) => entry.level === level).map((entry) => entry.message);
  }
}
