import type { TransactionContext } from './scope.ts';

/** How many items are worked on end. */
const PIECE = 32;

/**
 * Does something with each item, in their order. A request may bring thousands: others have their turn meanwhile, and once
 * more behind the last of many.
 */
export async function forEachPaced<T>(context: TransactionContext, items: readonly T[], visit: (item: T) => void): Promise<void> {
  let done = 0;
  for (const item of items) {
    visit(item);
    done += 1;
    if (done % PIECE === 0) await context.pause?.();
  }
}
