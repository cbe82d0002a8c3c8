import type { ClientBase, CustomTypesConfig, Pool, QueryArrayConfig } from 'pg';
import { tracedStatement } from '../../tracing/tracing.ts';
import { binaryParserOf } from './binary-values.ts';
import type { SqlExecutor, Statement } from './executor.ts';

type Row = readonly unknown[];

const BOOL = 16;
const BYTEA = 17;
const INT8 = 20;
const INT2 = 21;
const INT4 = 23;

/** pg reads every result as text: bytea in hex after `\x`. No Buffer goes out: its `slice` shares where others copy. */
function parseBytes(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text.slice(2), 'hex');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

const parsers = new Map<number, (text: string) => unknown>([
  [BOOL, (text) => text === 't'],
  [BYTEA, parseBytes],
  [INT8, BigInt],
  [INT2, Number],
  [INT4, Number],
]);

const identity = (text: string): unknown => text;

/** int8 as bigint, int2 and int4 as number, bytea as bytes, bool as boolean, all else as text. */
const types: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: string) =>
    format === 'binary' ? binaryParserOf(oid) : (parsers.get(oid) ?? identity),
};

/** What all queries of a statement have in common. pg copies a query's own properties one by one: the rest is inherited. */
const shared = new WeakMap<Statement, object>();

function toConfig(statement: Statement, parameters: readonly unknown[]): QueryArrayConfig<unknown[]> {
  let common = shared.get(statement);
  if (common === undefined) {
    common = { name: statement.name, text: statement.text, rowMode: 'array', types, binary: statement.isBinary === true };
    shared.set(statement, common);
  }
  return Object.assign(Object.create(common) as QueryArrayConfig<unknown[]>, { values: [...parameters] });
}

/**
 * Runs the statements of one transaction on its session. The client must be made with `pipeline: true`: statements are
 * then on their way at once and share round trips.
 */
export class ClientExecutor implements SqlExecutor {
  readonly #client: ClientBase;
  #statementCount = 0;
  #failure: { readonly error: unknown } | undefined;
  #lastSent: Promise<void> = Promise.resolve();

  constructor(client: ClientBase) {
    this.#client = client;
  }

  /** How many statements ran through this executor. */
  get statementCount(): number {
    return this.#statementCount;
  }

  /** What went wrong first with a sent statement, as far as answers have come. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  async query(statement: Statement, parameters: readonly unknown[]): Promise<readonly Row[]> {
    this.#statementCount += 1;
    try {
      return (await tracedStatement(statement, this.#client.query<unknown[], unknown[]>(toConfig(statement, parameters)))).rows;
    } catch (error) {
      // After a sent statement failed, PostgreSQL only says that the transaction is aborted: the cause is worth more.
      throw this.#failure === undefined ? error : this.#failure.error;
    }
  }

  send(statement: Statement, parameters: readonly unknown[]): void {
    this.#statementCount += 1;
    this.#lastSent = tracedStatement(statement, this.#client.query(toConfig(statement, parameters))).then(
      () => undefined,
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
  }

  /**
   * Waits for the answers to all sent statements. To be called also after COMMIT: of an aborted transaction it answers
   * without an error, although it rolled back.
   *
   * @throws the first failure of a sent statement.
   */
  async flush(): Promise<void> {
    // Answers come in the order of the statements: the last one's is the last.
    await this.#lastSent;
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}

/** Runs statements each by itself, on any session of a pool: for reading procedures of one statement. */
export class PoolExecutor implements SqlExecutor {
  readonly #pool: Pool;

  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async query(statement: Statement, parameters: readonly unknown[]): Promise<readonly Row[]> {
    return (await tracedStatement(statement, this.#pool.query<unknown[], unknown[]>(toConfig(statement, parameters)))).rows;
  }

  /** @throws always: without a transaction a write could neither be taken back nor be seen by the next read. */
  send(statement: Statement): never {
    throw new Error(`${statement.name} writes outside of a transaction`);
  }
}
