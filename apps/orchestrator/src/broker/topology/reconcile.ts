import { describeError } from '../../log/describe-error.ts';
import { readTopology } from './actual-topology.ts';
import { ManagementApi } from './management-api.ts';
import { planTopology } from './plan.ts';
import type { DesiredTopology } from './topology.ts';

export interface ReconcileOptions {
  /** Of the management API, with the name and password of an administrator. */
  readonly managementUrl: string;
  readonly desired: DesiredTopology;
  readonly pruneNonempty: boolean;
  /** Changes nothing. */
  readonly dryRun: boolean;
}

/** What one pass did; sentences for people, without secrets. */
export interface ReconcileReport {
  /** What was done; with a dry run, what would be. */
  readonly done: readonly string[];
  /** What was tried in vain. */
  readonly failed: readonly string[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Compares the broker with what it should be, once, and repairs it. A step that fails does not keep back the others.
 *
 * @throws ManagementApiError when the broker cannot be read.
 */
export async function reconcile({ managementUrl, dryRun, ...options }: ReconcileOptions): Promise<ReconcileReport> {
  const api = new ManagementApi(managementUrl);
  const actual = await readTopology(api, options.desired.virtualHost);
  const { steps, problems, notes } = planTopology({ ...options, actual });
  if (dryRun) return { done: steps.map(({ text }) => text), failed: [], problems, notes };
  const done: string[] = [];
  const failed: string[] = [];
  for (const { text, request } of steps) {
    try {
      await api.send(request);
      done.push(text);
    } catch (error) {
      failed.push(`could not ${text}: ${describeError(error)}`);
    }
  }
  return { done, failed, problems, notes };
}
