import type { ProfilingStep } from '../gen/orchestrator/profiling.ts';
import { checkKey, checkName } from './checks.ts';
import { Problems } from './problems.ts';

/** @throws OrchestrationError OE0101 */
export function validateProfilingStep(step: ProfilingStep): void {
  const problems = new Problems();
  checkKey(problems, 'asset_key', step.assetKey);
  checkName(problems, 'step', step.step);
  if (step.duration === 0) problems.add('duration', 'must not be zero');
  problems.throwIfAny();
}
