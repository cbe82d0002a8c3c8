import { join } from 'node:path';

/** Where the embedded database keeps what, below the server's data folder. */
export interface Layout {
  /** The server's data folder. */
  readonly dataDir: string;
  /** All that belongs to the database; it appears complete, by a rename. */
  readonly home: string;
  /** PostgreSQL's own folder (PGDATA). */
  readonly cluster: string;
  readonly passwordFile: string;
  readonly logFile: string;
  /** A copy of the binaries, where those of the npm package can't be used as they are. */
  readonly binaries: string;
}

/** Names of half-made homes begin so; the process id of their maker and a random part follow. */
export const draftPrefix = 'postgres.draft-';

/** The layout below a data folder, which is absolute. */
export function layoutOf(dataDir: string): Layout {
  return layoutOfHome(dataDir, join(dataDir, 'postgres'));
}

/** The layout of a home that may be a draft. */
export function layoutOfHome(dataDir: string, home: string): Layout {
  return {
    dataDir,
    home,
    cluster: join(home, 'cluster'),
    passwordFile: join(home, 'password'),
    logFile: join(home, 'postgres.log'),
    binaries: join(dataDir, 'postgres.binaries'),
  };
}
