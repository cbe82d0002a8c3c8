import type { Procedure, Touched } from '@orchestrator/lib';

/** Enough for the tasks that are at work, and a few megabytes. */
const MAX_KNOWN_TASKS = 50_000;

/** Which compute plan a task belongs to, as far as this process has seen it; the oldest are forgotten. */
export class TaskPlans {
  readonly #plans = new Map<string, string>();
  readonly #limit: number;

  constructor(limit: number = MAX_KNOWN_TASKS) {
    this.#limit = limit;
  }

  learn(task: string, plan: string): void {
    this.#plans.set(task, plan);
    if (this.#plans.size <= this.#limit) return;
    const [oldest] = this.#plans.keys();
    if (oldest !== undefined) this.#plans.delete(oldest);
  }

  planOf(task: string): string | undefined {
    return this.#plans.get(task);
  }
}

/**
 * The lines that a request would stand in after a conflict: one for each plan that it touches, since the tasks of a plan
 * hang together, or for the task alone whose plan is not known.
 */
export function linesOf(procedure: Procedure, request: unknown, plans: TaskPlans): readonly string[] {
  const lines = new Set<string>();
  for (const touched of procedure.touches(request)) lines.add(lineOf(touched, plans));
  return [...lines];
}

/** Remembers what a request says of tasks and their plans. */
export function learnFrom(procedure: Procedure, request: unknown, plans: TaskPlans): void {
  for (const { task, plan } of procedure.touches(request)) {
    if (task !== undefined && plan !== undefined) plans.learn(task, plan);
  }
}

function lineOf({ task, plan, asset }: Touched, plans: TaskPlans): string {
  const known = plan ?? (task === undefined ? undefined : plans.planOf(task));
  if (known !== undefined) return `plan:${known}`;
  return task === undefined ? `asset:${asset ?? ''}` : `task:${task}`;
}
