import {
  badPageToken,
  creationInstant,
  type Cursor,
  isUuid,
  type Page,
  type PageRequest,
  Performance,
  type PerformanceDbal,
  type PerformanceFilter,
} from '@orchestrator/lib';
import type { PostgresScope, Statement } from '../sql/executor.ts';
import { type Condition, EMPTY_PAGE, isBigint, type Listing, queryPage } from './page.ts';

const INSERT: Statement = {
  name: 'insert_performance',
  text: 'INSERT INTO performances (channel, compute_task_key, identifier, created, asset) VALUES ($1, $2, $3, $4, $5)',
};

const LISTING: Listing = {
  name: 'query_performances',
  rows: 'SELECT created, compute_task_key, identifier, asset AS bytes FROM performances',
  where: 'channel = $1',
  order: 'created, compute_task_key, identifier',
};

function afterPerformance(after: Cursor | undefined): Condition | undefined {
  if (after === undefined) return undefined;
  const [created = '', taskKey = '', identifier = ''] = after;
  const valid = after.length === 3 && isBigint(created) && isUuid(taskKey) && isStorable(identifier);
  if (!valid) throw badPageToken();
  const text = '(created, compute_task_key, identifier) > (?::bigint, ?::uuid, ?::text)';
  return { name: 'after', text, values: [created, taskKey, identifier] };
}

/** Whether PostgreSQL takes the text: a cursor comes from the client, past the checks of requests. */
function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}

export class PostgresPerformanceDbal implements PerformanceDbal {
  readonly #scope: PostgresScope;

  constructor(scope: PostgresScope) {
    this.#scope = scope;
  }

  addPerformance(performance: Performance): void {
    const { computeTaskKey, computeTaskOutputIdentifier } = performance;
    const bytes = Performance.encode(performance).finish();
    const key = [this.#scope.channelId, computeTaskKey, computeTaskOutputIdentifier];
    this.#scope.sql.send(INSERT, [...key, creationInstant(performance), bytes]);
  }

  async queryPerformances(filter: PerformanceFilter, page: PageRequest): Promise<Page<Performance>> {
    const after = afterPerformance(page.after);
    const { computeTaskKey, computeTaskOutputIdentifier } = filter;
    const conditions: Condition[] = [];
    if (computeTaskKey !== undefined) {
      if (!isUuid(computeTaskKey)) return EMPTY_PAGE;
      conditions.push({ name: 'task', text: 'compute_task_key = ?', values: [computeTaskKey] });
    }
    if (computeTaskOutputIdentifier !== undefined) {
      conditions.push({ name: 'identifier', text: 'identifier = ?', values: [computeTaskOutputIdentifier] });
    }
    return queryPage(this.#scope, { listing: LISTING, codec: Performance, filter: conditions, after, page });
  }
}
