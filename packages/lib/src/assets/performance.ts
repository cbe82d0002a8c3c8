import type { NewPerformance } from '../gen/orchestrator/performance.ts';
import { checkKey, checkNotEmpty } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0101 */
export function validateNewPerformance(performance: NewPerformance): void {
  const problems = new Problems();
  checkKey(problems, 'compute_task_key', performance.computeTaskKey);
  checkNotEmpty(problems, 'compute_task_output_identifier', performance.computeTaskOutputIdentifier);
  problems.throwIfAny();
}

/** How events and output assets name a performance, which has no key of its own. */
export function performanceKey(performance: {
  readonly computeTaskKey: string;
  readonly computeTaskOutputIdentifier: string;
}): string {
  return `${performance.computeTaskKey}|${performance.computeTaskOutputIdentifier}`;
}
