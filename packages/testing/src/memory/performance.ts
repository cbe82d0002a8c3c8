import {
  type Page,
  type PageRequest,
  Performance,
  type PerformanceDbal,
  type PerformanceFilter,
  Stored,
  creationInstant,
} from '@orchestrator/lib';
import { pageOfRows } from './page.ts';
import type { Row, Table } from './table.ts';

export class MemoryPerformanceDbal implements PerformanceDbal {
  readonly #performances: Table<Row<Performance>>;

  constructor(performances: Table<Row<Performance>>) {
    this.#performances = performances;
  }

  addPerformance(performance: Performance): void {
    const texts = [performance.computeTaskKey, performance.computeTaskOutputIdentifier];
    const rank = { instant: creationInstant(performance), texts };
    this.#performances.add({ id: JSON.stringify(texts), rank, stored: Stored.of(Performance, performance) });
  }

  async queryPerformances(filter: PerformanceFilter, page: PageRequest): Promise<Page<Performance>> {
    const { computeTaskKey, computeTaskOutputIdentifier } = filter;
    const rows = this.#performances
      .ordered()
      .filter(({ stored: { value } }) => computeTaskKey === undefined || value.computeTaskKey === computeTaskKey)
      .filter(
        ({ stored: { value } }) =>
          computeTaskOutputIdentifier === undefined ||
          value.computeTaskOutputIdentifier === computeTaskOutputIdentifier,
      );
    return pageOfRows(rows, page, { textCount: 2 });
  }
}
