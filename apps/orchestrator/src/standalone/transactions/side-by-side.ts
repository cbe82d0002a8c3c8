import type { ProcedureResult } from '@orchestrator/lib';
import type { StoredEvent } from '../dbal/event-log.ts';
import { createPostgresDbal } from '../dbal/postgres-dbal.ts';
import { createGroupDbal } from '../joining/group-dbal.ts';
import { RunsAlone } from '../joining/runs-alone.ts';
import { StagedWrites } from '../joining/staged-writes.ts';
import { Staging } from '../joining/staging-dbal.ts';
import { callRequest, type RequestCall } from './call-request.ts';
import { type GroupEnvironment, isRefusal, type Outcome, requireSize } from './outcome.ts';
import type { RequestScope } from './request-scope.ts';
import type { WriteRequest } from './write-request.ts';

/** Requests that change more things than this share little with others, and would make them wait. */
const MAX_TOUCHED = 32;

/** A request that was tried on the state that the group found. */
interface Trial {
  readonly staging: Staging;
  readonly end: ProcedureResult | { readonly refusal: Error } | RunsAlone;
}

/** Whether it is worth trying to run a request beside others. */
export function mayRunBeside({ procedure, request }: WriteRequest, { aloneProcedures }: GroupEnvironment): boolean {
  return !aloneProcedures.has(procedure) && procedure.touches(request).length <= MAX_TOUCHED;
}

/**
 * Runs requests side by side on the state that they find, so that they share their statements, and writes what those
 * of them change that could as well have run one after another: none of them has read what one before it changes.
 *
 * @param scope made for as many requests.
 * @returns their outcomes; undefined for those that have to run by themselves, behind the others.
 * @throws what the database said.
 */
export async function runSideBySide(
  requests: readonly WriteRequest[],
  scope: RequestScope,
  environment: GroupEnvironment,
): Promise<readonly (Outcome | undefined)[]> {
  const dbal = createPostgresDbal(scope);
  const shared = createGroupDbal(dbal);
  const trials = await Promise.all(
    requests.map((request, index) => tryOne({ request, index, scope, environment }, new Staging(shared))),
  );
  await scope.opened();
  const accepted = acceptInOrder(trials);
  const writes = new StagedWrites();
  for (const { staging, end } of accepted) {
    if ('answer' in end) writes.add(staging.writes);
  }
  writes.writeTo(dbal);
  // Whose event it is, is found out when each runs by itself.
  for (const { bytes } of scope.stored) requireSize('event', bytes, environment.settings.maxPageBytes);
  let first = 0;
  return trials.map((trial) => {
    if (!accepted.has(trial)) return undefined;
    if ('refusal' in trial.end) return { refusal: trial.end.refusal };
    const { answer, events } = trial.end as ProcedureResult;
    const stored: readonly StoredEvent[] = scope.stored.slice(first, first + events.length);
    first += events.length;
    return { answer, events, stored };
  });
}

/** Those that could have run one after another, in this order. */
function acceptInOrder(trials: readonly Trial[]): ReadonlySet<Trial> {
  const accepted = new Set<Trial>();
  const changes = new Set<string>();
  for (const trial of trials) {
    const { staging, end } = trial;
    if (end instanceof RunsAlone || staging.footprint.hasReadOneOf(changes)) continue;
    accepted.add(trial);
    if ('refusal' in end) continue;
    for (const change of staging.footprint.changes) changes.add(change);
  }
  return accepted;
}

async function tryOne(call: Omit<RequestCall, 'dbal'>, staging: Staging): Promise<Trial> {
  const { request, environment } = call;
  try {
    const end = await callRequest({ ...call, dbal: staging.dbal });
    requireSize('answer', end.answer, environment.maxAnswerBytes);
    return { staging, end };
  } catch (error) {
    if (error instanceof RunsAlone) {
      if (error.method !== undefined) environment.aloneProcedures.add(request.procedure);
      return { staging, end: error };
    }
    if (!isRefusal(error)) throw error;
    return { staging, end: { refusal: error } };
  }
}
