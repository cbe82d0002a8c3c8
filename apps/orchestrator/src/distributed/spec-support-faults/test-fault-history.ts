import { describe, expect, it } from 'vitest';
import type { LedgerKind } from '../spec-support-servers.ts';
import { FAULT_CHANNELS, FaultHistory, type FaultPlay } from './fault-history.ts';

const TIMEOUT_MS = 300_000;
const ROUND_TIMEOUT_MS = 180_000;

export interface FaultHistories extends FaultPlay {
  readonly kind: LedgerKind;
  readonly seeds: readonly number[];
}

/** Tests: many clients at two facades while everything fails by turns, and then the question whether the ledger explains what they heard. */
export function testFaultHistories({ kind, seeds, rounds, callsBetween }: FaultHistories): void {
  describe(`clients at two facades while all that can fail does (${kind})`, () => {
    it.each(seeds)(
      'hear nothing that the ledger does not explain, and the stream is the log: seed %d',
      async (seed) => {
        await using history = await FaultHistory.open(kind, seed);
        await history.play({ rounds, callsBetween });
        for (const channel of FAULT_CHANNELS) {
          const found = await history.findings(channel);
          expect(found.refusedCommitted).toBe(0);
          expect(found.followed).toEqual(found.streamed);
          expect(found.logged.toSorted()).toEqual(found.streamed.toSorted());
          expect(found.tasks).toEqual(found.modelTasks);
          // Clients that were only refused would prove little.
          expect(found.transactions).toBeGreaterThan(found.calls / 5);
        }
      },
      TIMEOUT_MS + rounds * ROUND_TIMEOUT_MS,
    );
  });
}
