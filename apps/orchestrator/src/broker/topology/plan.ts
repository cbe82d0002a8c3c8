import { planBindings } from './plan-bindings.ts';
import { planExchanges } from './plan-exchanges.ts';
import type { PlanOptions, Step } from './plan-part.ts';
import { planQueues } from './plan-queues.ts';
import { planUsers } from './plan-users.ts';

export interface Plan {
  /** In order. */
  readonly steps: readonly Step[];
  readonly problems: readonly string[];
  readonly notes: readonly string[];
}

/**
 * What turns the broker into what it should be; nothing when it is that already. Removes only what carries the mark.
 */
export function planTopology(options: PlanOptions): Plan {
  const [exchanges, queues, bindings, users] = [
    planExchanges(options),
    planQueues(options),
    planBindings(options),
    planUsers(options),
  ];
  const parts = [exchanges, queues, bindings, users];
  return {
    steps: [
      // A binding that is no longer wanted leaks events for as long as it is there.
      ...bindings.remove,
      ...exchanges.make,
      ...queues.make,
      ...bindings.make,
      ...users.make,
      // The connections of a user end with it: what it held without acknowledging is back in its queue then.
      ...users.remove,
      ...queues.remove,
      ...exchanges.remove,
    ],
    problems: [...options.desired.problems, ...parts.flatMap((part) => part.problems)],
    notes: parts.flatMap((part) => part.notes),
  };
}
