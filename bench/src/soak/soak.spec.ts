import { expect, it } from 'vitest';
import { runSoak } from './soak.ts';

const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const subscribers = isExtended ? 1000 : 64;
const loadMs = isExtended ? 600_000 : 8000;
const chunkMs = isExtended ? 10_000 : 4000;
const TIMEOUT_MS = isExtended ? 3_600_000 : 240_000;

it('a server loses no event and keeps nothing of a load with slow and dead subscribers', { timeout: TIMEOUT_MS }, async () => {
  const { counts, cuts, events, faults, slowDeliveries } = await runSoak({ subscribers, loadMs, chunkMs, tell: () => undefined });
  expect(faults).toEqual([]);
  // It was the load that it is meant to be.
  expect(counts).toEqual({ steady: subscribers / 2, slow: subscribers / 4, cut: subscribers / 8, frozen: subscribers / 8 });
  expect(Math.min(cuts, events, slowDeliveries)).toBeGreaterThan(0);
});
