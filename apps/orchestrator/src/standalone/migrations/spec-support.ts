import { Client, type ClientConfig } from 'pg';
import { until } from '../../spec-waiting.ts';

/** A comment, a quoted text or name, the end of a statement, or a piece of anything else. */
const TOKEN = /--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|\$(\w*)\$[\s\S]*?\$\1\$|;|[^;'"$/-]+|[\s\S]/gu;

/** The statements of a migration's file, without comments. */
export function statementsOf(sql: string): readonly string[] {
  const statements = [''];
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === ';') statements.push('');
    else if (!/^(?:--|\/\*)/u.test(token)) statements.push(`${statements.pop() ?? ''}${token}`);
  }
  return statements.map((statement) => statement.trim()).filter((statement) => statement !== '');
}

/** A session of a test, whose loss its statements tell of. */
export async function connect(url: string, config: ClientConfig = {}): Promise<Client> {
  const client = new Client({ ...config, connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

const CATALOGUE = `
  SELECT 'column ' || table_name || '.' || column_name || ': ' || concat_ws(', ', ordinal_position, udt_name, collation_name,
    is_nullable, column_default, identity_generation) FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
  UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || conname || ': ' || pg_get_constraintdef(oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace
  UNION ALL SELECT concat_ws(' ', 'relation', relkind, relname, reloptions) FROM pg_class WHERE relnamespace = 'public'::regnamespace
  UNION ALL SELECT 'routine ' || oid::regprocedure || ': ' || prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL SELECT 'trigger ' || pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal
  ORDER BY 1`;

/** All that a database holds: its schema as the catalogue has it, then the rows of all tables but for when they were migrated. */
export async function contentOf(client: Client): Promise<readonly string[]> {
  const catalogue = await client.query<[string]>({ text: CATALOGUE, rowMode: 'array' });
  const tables = await client.query<{ name: string }>(
    "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' ORDER BY 1",
  );
  const content = catalogue.rows.flat();
  for (const { name } of tables.rows) {
    const { rows } = await client.query<[string]>({
      text: `SELECT $1 || ' ' || (to_jsonb(row) - 'applied')::text FROM ${client.escapeIdentifier(name)} row ORDER BY 1`,
      values: [`row of ${name}`],
      rowMode: 'array',
    });
    content.push(...rows.flat());
  }
  return content;
}

/** A place in a migration at which it waits until it is let go on, or ended. */
export class Breakpoint {
  /** The statement that waits there. It takes a lock of the migration's transaction. */
  static readonly statement = 'SELECT pg_advisory_xact_lock(4711)';
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** Makes every migration that comes to a breakpoint wait. @param client a session that stays open meanwhile. */
  static async set(client: Client): Promise<Breakpoint> {
    await client.query('SELECT pg_advisory_lock(4711)');
    return new Breakpoint(client);
  }

  /** Waits until a migration has come. @returns the process id of its backend. */
  async reached(): Promise<number> {
    let pid: number | undefined;
    await until('a migration at the breakpoint', async () => {
      [pid] = await this.#waiting();
      return pid !== undefined;
    });
    return pid ?? 0;
  }

  /** Ends the backend that waits, as a crash would. */
  async terminate(): Promise<void> {
    await this.#client.query('SELECT pg_terminate_backend($1)', [await this.reached()]);
  }

  /** Lets the migration go on, and all later ones. */
  async release(): Promise<void> {
    await this.#client.query('SELECT pg_advisory_unlock(4711)');
  }

  async #waiting(): Promise<readonly number[]> {
    const { rows } = await this.#client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = 4711 AND NOT granted
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows.map(({ pid }) => pid);
  }
}
