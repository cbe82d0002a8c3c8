import { type ServiceError, status } from '@grpc/grpc-js';
import { ComputePlan, type NewComputePlan, QueryEventsResponse } from '@orchestrator/lib';
import { expect } from 'vitest';
import type { Headers, SpecClient } from '../spec-client.ts';

/** A plan's key, and what the call that registers it came to: `OK`, or a status and its sentence. */
export interface PlanOutcome {
  readonly key: string;
  readonly outcome: string;
}

/** Registers a plan, whatever comes of it. */
export async function tryRegisterPlan(client: SpecClient, headers: Headers, plan: NewComputePlan): Promise<PlanOutcome> {
  try {
    const answer = ComputePlan.decode(await client.call('RegisterPlan', plan, headers));
    expect(answer.key).toBe(plan.key);
    return { key: plan.key, outcome: 'OK' };
  } catch (error) {
    const { code, details } = error as ServiceError;
    return { key: plan.key, outcome: `${status[code]} ${details}` };
  }
}

/** How many events tell of an asset. */
export async function countEvents(client: SpecClient, headers: Headers, assetKey: string): Promise<number> {
  return QueryEventsResponse.decode(await client.call('QueryEvents', { filter: { assetKey } }, headers)).events.length;
}
