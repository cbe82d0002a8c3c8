import { compareRanks, type Rank, type Stored } from '@orchestrator/lib';

/** One stored asset. */
export interface Row<T> {
  /** Unique in its table. */
  readonly id: string;
  readonly rank: Rank;
  readonly stored: Stored<T>;
}

/**
 * Rows by id, and in the order of their ranks. A transaction works on a fork: the first write copies the rows, so
 * the original stays as it was and serves readers meanwhile.
 */
export class Table<R extends Row<unknown>> {
  #rows: Map<string, R>;
  #ordered: readonly R[] | undefined;
  #shared: boolean;

  constructor(original?: Table<R>) {
    this.#rows = original === undefined ? new Map<string, R>() : original.#rows;
    if (original !== undefined) this.#ordered = original.#ordered;
    this.#shared = original !== undefined;
  }

  fork(): Table<R> {
    return new Table(this);
  }

  get(id: string): R | undefined {
    return this.#rows.get(id);
  }

  /** Those of the rows that exist, by id. */
  getStored(ids: readonly string[]): Map<string, R['stored']> {
    const found = new Map<string, R['stored']>();
    for (const id of ids) {
      const row = this.#rows.get(id);
      if (row !== undefined) found.set(id, row.stored);
    }
    return found;
  }

  ordered(): readonly R[] {
    this.#ordered ??= [...this.#rows.values()].toSorted((a, b) => compareRanks(a.rank, b.rank));
    return this.#ordered;
  }

  add(row: R): void {
    if (this.#rows.has(row.id)) throw new Error(`there is a row ${row.id} already`);
    this.#write(row);
  }

  replace(row: R): void {
    if (!this.#rows.has(row.id)) throw new Error(`there is no row ${row.id} to replace`);
    this.#write(row);
  }

  /** Adds the row, or replaces the one of its id. */
  set(row: R): void {
    this.#write(row);
  }

  #write(row: R): void {
    if (this.#shared) {
      this.#rows = new Map(this.#rows);
      this.#shared = false;
    }
    this.#rows.set(row.id, row);
    this.#ordered = undefined;
  }
}

/** Entries in the order in which they were added. Forks like a `Table`. */
export class Log<T> {
  #entries: T[];
  #shared: boolean;

  constructor(original?: Log<T>) {
    this.#entries = original === undefined ? [] : original.#entries;
    this.#shared = original !== undefined;
  }

  fork(): Log<T> {
    return new Log(this);
  }

  get entries(): readonly T[] {
    return this.#entries;
  }

  append(entries: readonly T[]): void {
    if (this.#shared) {
      this.#entries = [...this.#entries];
      this.#shared = false;
    }
    for (const entry of entries) this.#entries.push(entry);
  }
}
