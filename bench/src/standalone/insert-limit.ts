import type pg from 'pg';
import { nowMs, ownCpuMs } from '../process/clock.ts';
import type { PlanRound } from '../rows/batch.ts';
import { familyCpuMs } from '../process/usage.ts';
import type { Limit } from '../workload/bench.ts';
import type { StandaloneBench } from './bench.ts';
import { withClient } from './database.ts';

const BYTEA_OID = 17;
const ARRAY_HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

/** The tables of a registration, and which of their rows a plan has. `made` says by which transaction. */
const TABLES = [
  { name: 'compute_tasks', rows: 'SELECT *, created AS made FROM compute_tasks WHERE compute_plan_key = $1' },
  {
    name: 'compute_task_statuses',
    rows: 'SELECT *, created AS made FROM compute_task_statuses WHERE compute_plan_key = $1',
  },
  {
    name: 'compute_task_parents',
    rows: `SELECT p.*, t.created AS made FROM compute_task_parents p
      JOIN compute_tasks t ON t.channel = p.channel AND t.key = p.child_key WHERE t.compute_plan_key = $1`,
  },
  {
    name: 'compute_plan_functions',
    rows: `SELECT f.*, t.made FROM compute_plan_functions f
      CROSS JOIN (SELECT min(created) AS made FROM compute_tasks WHERE compute_plan_key = $1) t
      WHERE compute_plan_key = $1`,
  },
  {
    name: 'events',
    rows: `SELECT *, instant AS made FROM events
      WHERE instant IN (SELECT DISTINCT created FROM compute_tasks WHERE compute_plan_key = $1)`,
  },
] as const;

interface Column {
  readonly name: string;
  /** PostgreSQL's name of the type. */
  readonly type: string;
}

/** A statement with its values, ready to be sent. */
interface Insert {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Bare inserts of the rows that a plan has, in as many transactions, into an empty copy of the tables. */
export async function limitOfInserts(bench: StandaloneBench, { computePlanKey }: PlanRound): Promise<Limit> {
  const transactions = await withClient(bench.databaseUrl, (client) => readTransactions(client, computePlanKey));
  const tasks = transactions.reduce((sum, { taskCount }) => sum + taskCount, 0);
  await using copy = await bench.postgres.createDatabase();
  return await withClient(copy.url, async (client) => {
    // Prepares the statements, as those of the server are.
    await run(client, transactions[0]?.inserts ?? [], 'ROLLBACK');
    const used = (): number => ownCpuMs() + familyCpuMs(bench.postgres.pid);
    const startMs = nowMs();
    const startCpuMs = used();
    for (const { inserts } of transactions) await run(client, inserts, 'COMMIT');
    const seconds = (nowMs() - startMs) / 1000;
    return { value: tasks / seconds, cpuMs: (used() - startCpuMs) / tasks };
  });
}

async function run(client: pg.Client, inserts: readonly Insert[], end: string): Promise<void> {
  await Promise.all([
    client.query({ name: 'begin', text: 'BEGIN' }),
    ...inserts.map(({ name, text, values }) => client.query({ name, text, values: [...values] })),
    client.query({ name: end, text: end }),
  ]);
}

interface Transaction {
  readonly taskCount: number;
  readonly inserts: readonly Insert[];
}

async function readTransactions(client: pg.Client, plan: string): Promise<readonly Transaction[]> {
  const transactions = new Map<string, { taskCount: number; readonly inserts: Insert[] }>();
  for (const { name, rows } of TABLES) {
    const columns = await readColumns(client, name);
    const selected = columns
      .map((column) => (column.type === 'bytea' ? column.name : `${column.name}::text`))
      .join(', ');
    const text = `SELECT made::text, ${selected} FROM (${rows}) AS rows ORDER BY made`;
    const found = await client.query<unknown[]>({ text, values: [plan], rowMode: 'array' });
    for (const [made = '', part] of Map.groupBy(found.rows, ([instant]) => instant as string)) {
      const transaction = transactions.get(made) ?? { taskCount: 0, inserts: [] };
      if (name === 'compute_tasks') transaction.taskCount = part.length;
      transaction.inserts.push(
        toInsert(
          name,
          columns,
          part.map(([, ...values]) => values),
        ),
      );
      transactions.set(made, transaction);
    }
  }
  return [...transactions.values()];
}

async function readColumns(client: pg.Client, table: string): Promise<readonly Column[]> {
  const { rows } = await client.query<Column>(
    `SELECT column_name AS name, udt_name AS type FROM information_schema.columns
    WHERE table_schema = 'public' AND table_name = $1 ORDER BY ordinal_position`,
    [table],
  );
  return rows;
}

function toInsert(table: string, columns: readonly Column[], rows: readonly (readonly unknown[])[]): Insert {
  const names = columns.map(({ name }) => name).join(', ');
  // jsonb travels as text, which pg quotes.
  const parameters = columns
    .map(({ type }, index) => `$${index + 1}::${type === 'jsonb' ? 'text' : type}[]`)
    .join(', ');
  const selected = columns.map(({ name, type }) => (type === 'jsonb' ? `${name}::jsonb` : name)).join(', ');
  return {
    name: table,
    text: `INSERT INTO ${table} (${names}) SELECT ${selected} FROM unnest(${parameters}) AS new (${names})`,
    values: columns.map(({ type }, index) =>
      toArray(
        type,
        rows.map((row) => row[index]),
      ),
    ),
  };
}

function toArray(type: string, values: readonly unknown[]): unknown {
  if (type === 'bytea') return toBinaryArray(values as readonly Buffer[]);
  // Numbers and keys need no quotes.
  return type === 'text' || type === 'jsonb' ? values : `{${values.join(',')}}`;
}

/** A `bytea[]` in PostgreSQL's binary form; its text form would cost more than the insert. */
function toBinaryArray(values: readonly Buffer[]): Buffer {
  const size = values.reduce((sum, value) => sum + LENGTH_BYTES + value.length, ARRAY_HEADER_BYTES);
  const bytes = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const part of [1, 0, BYTEA_OID, values.length, 1]) offset = bytes.writeInt32BE(part, offset);
  for (const value of values) {
    offset = bytes.writeInt32BE(value.length, offset);
    offset += value.copy(bytes, offset);
  }
  return bytes;
}
