import { notFound } from '../errors/orchestration-error.ts';
import { changes } from '../events/change.ts';
import { Empty } from '../gen/google/protobuf/empty.ts';
import type { ProfilingStep } from '../gen/orchestrator/profiling.ts';
import type { Scope } from './scope.ts';

/** Profiling steps: they are events and nothing else. */
export class ProfilingService {
  readonly #scope: Scope;

  constructor(scope: Scope) {
    this.#scope = scope;
  }

  /** @throws OrchestrationError OE0002 when neither a task nor a function has the step's key. */
  async registerProfilingStep(step: ProfilingStep): Promise<Empty> {
    const { dbal, events } = this.#scope;
    const [tasks, functions] = await Promise.all([
      dbal.computeTask.getComputeTasks([step.assetKey]),
      dbal.function.getFunctions([step.assetKey]),
    ]);
    if (tasks.size === 0 && functions.size === 0) throw notFound('compute task or function', step.assetKey);
    events.add(changes.profilingStepCreated(step));
    return Empty.create();
  }
}
