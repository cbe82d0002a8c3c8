import type { Dbal } from '@orchestrator/lib';
import type { ClientBase } from 'pg';
import type { Statement } from '../sql/executor.ts';
import { createPostgresDbal } from './postgres-dbal.ts';

// Support of tests: what the database plans for the statements of the DBAL.

/** A statement as the DBAL sent it. */
export interface SentStatement extends Statement {
  readonly parameters: readonly unknown[];
}

/** A node of a plan; the counts are there when it was executed, as averages over the loops. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Join Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** How a plan is asked for. */
export type Explain = 'EXPLAIN' | 'EXPLAIN ANALYZE';

/** The statements that work on the DBAL sends, in channel 1. None of them runs: every answer is empty. */
export async function statementsOf(work: (dbal: Dbal) => unknown): Promise<readonly SentStatement[]> {
  const statements: SentStatement[] = [];
  const dbal = createPostgresDbal({
    sql: {
      query: async (statement, parameters) => {
        statements.push({ ...statement, parameters });
        return [];
      },
      send: (statement, parameters) => {
        statements.push({ ...statement, parameters });
      },
    },
    channelId: 1,
    channel: 'one',
    takePositions: () => 1n,
  });
  await work(dbal);
  return statements;
}

/** The plan made for these very parameters. */
export async function explain(client: ClientBase, how: Explain, { text, parameters }: SentStatement): Promise<PlanNode> {
  return readPlan(client, `${toSql(how)} ${text}`, parameters);
}

/** The plan that a prepared statement keeps for all parameters. */
export async function explainGeneric(client: ClientBase, how: Explain, { text, parameters }: SentStatement): Promise<PlanNode> {
  await client.query(`SET plan_cache_mode = force_generic_plan; PREPARE explained AS ${text}`);
  try {
    return await readPlan(client, `${toSql(how)} EXECUTE explained (${parameters.map(toLiteral).join(', ')})`, []);
  } finally {
    await client.query('DEALLOCATE explained; RESET plan_cache_mode');
  }
}

/** The node and all below it. */
export function nodesOf(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesOf)];
}

function toSql(how: Explain): string {
  return how === 'EXPLAIN' ? 'EXPLAIN (FORMAT JSON)' : 'EXPLAIN (ANALYZE, FORMAT JSON)';
}

/** Bytes stand for themselves here only as NULL: no plan depends on them. */
function toLiteral(parameter: unknown): string {
  if (Array.isArray(parameter) && parameter.every((item) => typeof item === 'string')) {
    return `ARRAY[${parameter.map(toLiteral).join(', ')}]::text[]`;
  }
  const isPlain = typeof parameter === 'string' || typeof parameter === 'number' || typeof parameter === 'bigint';
  return isPlain ? `'${String(parameter).replaceAll("'", "''")}'` : 'NULL';
}

async function readPlan(client: ClientBase, text: string, parameters: readonly unknown[]): Promise<PlanNode> {
  const { rows } = await client.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(text, [...parameters]);
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error(`no plan of ${text}`);
  return plan;
}
