import type { Schedule } from './joined.ts';

/**
 * For requests that arrive by themselves: what came in with the same turn of the event loop is looked up together, and
 * while `limit` look-ups are on their way, whatever comes meanwhile.
 */
export function withArrivals(limit: number): Schedule {
  const waiting: (() => Promise<unknown>)[] = [];
  let underWay = 0;
  let isTurnPlanned = false;

  const start = (): void => {
    isTurnPlanned = false;
    while (underWay < limit) {
      const make = waiting.shift();
      if (make === undefined) return;
      underWay += 1;
      make().then(ended, ended);
    }
  };
  const ended = (): void => {
    underWay -= 1;
    start();
  };
  return (make) => {
    waiting.push(make);
    if (isTurnPlanned || underWay >= limit) return;
    isTurnPlanned = true;
    setImmediate(start);
  };
}

/** For requests that run side by side: what they ask for before any of them has to wait. */
export function beforeTheyWait(make: () => Promise<unknown>): void {
  // Behind the callbacks of this turn, and behind the promises that those have resolved.
  queueMicrotask(() => process.nextTick(() => void make().catch(() => undefined)));
}
