import type { Page, PageRequest } from '../codec/page.ts';
import type { Performance } from '../gen/orchestrator/performance.ts';

/** All given ones must match. */
export interface PerformanceFilter {
  readonly computeTaskKey?: string | undefined;
  readonly computeTaskOutputIdentifier?: string | undefined;
}

/** Performances of the transaction's channel. */
export interface PerformanceDbal {
  addPerformance(performance: Performance): void;
  /** By creation date, then task key, then output identifier (by UTF-8 byte). */
  queryPerformances(filter: PerformanceFilter, page: PageRequest): Promise<Page<Performance>>;
}
