import { DatabaseSync } from 'node:sqlite';
import { describeError } from '../../log/describe-error.ts';
import { CheckpointError } from './checkpoint.ts';

const SQLITE_BUSY = 5;

/**
 * A lock on a file of its own, for one process of all that see the file.
 *
 * Node has no file locks, SQLite has: they are the kernel's, and so they end with the process, however it ends.
 */
export class FileLock implements Disposable {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /** Undefined while somebody else holds it. @throws CheckpointError when there can be no such file. */
  static tryAcquire(path: string): FileLock | undefined {
    let database: DatabaseSync | undefined;
    try {
      database = new DatabaseSync(path);
      // Nothing is ever written, and so no journal is needed beside it.
      database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
      return new FileLock(database);
    } catch (error) {
      database?.close();
      if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return undefined;
      throw new CheckpointError(`the lock file ${path} cannot be used: ${describeError(error)}`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}
