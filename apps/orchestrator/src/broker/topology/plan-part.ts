import type { ActualTopology, Arguments } from './actual-topology.ts';
import type { ManagementRequest } from './management-api.ts';
import { MARK } from './topology.ts';
import type { DesiredTopology } from './topology.ts';

/** One change of the broker. */
export interface Step {
  /** What it does, for people. Holds no secret. */
  readonly text: string;
  readonly request: ManagementRequest;
}

/** What has to be done for one kind of things, and what was found. */
export interface PlanPart {
  readonly make: readonly Step[];
  /** After everything was made. */
  readonly remove: readonly Step[];
  /** What an operator has to put right, a sentence each. */
  readonly problems: readonly string[];
  /** What is unusual and may be meant, a sentence each. */
  readonly notes: readonly string[];
}

export interface PlanOptions {
  readonly desired: DesiredTopology;
  readonly actual: ActualTopology;
  /** Delete queues of organizations that are gone even with messages in them. */
  readonly pruneNonempty: boolean;
}

/** Whether a reconciler with this entry exchange made it. */
export function isMarked(thing: { readonly arguments: Arguments }, entryExchange: string): boolean {
  return thing.arguments[MARK] === entryExchange;
}
