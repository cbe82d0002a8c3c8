/** One statement that a bare handler runs. */
export interface BareQuery {
  readonly text: string;
  /** Used in turn. */
  readonly values: readonly (readonly unknown[])[];
  /** Size of the answer; what it holds does not matter. */
  readonly answerBytes: number;
}

/** What a bare server does. */
export interface BareSetup {
  readonly databaseUrl: string;
  readonly poolSize: number;
  /** Served as `barePath.query(index)`. */
  readonly queries?: readonly BareQuery[];
  /** What each stream gets, all at once, once the server is told to go. */
  readonly messages?: readonly Uint8Array[];
  /** Size of the answers to inserts and echoes. */
  readonly answerBytes: number;
}

/** The methods of a bare server. */
export const barePath = {
  /** Answers, and that is all. */
  echo: '/bench.Bare/Echo',
  /** One row in a transaction of its own; then the next message goes to all streams, if there are any. */
  insert: '/bench.Bare/Insert',
  stream: '/bench.Bare/Stream',
  query: (index: number): string => `/bench.Bare/Query${index}`,
} as const;

/** The table that it inserts into. */
export const BARE_TABLE = `
  CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, message bytea NOT NULL)`;
