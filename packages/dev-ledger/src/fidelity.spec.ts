import { beforeAll, describe, expect, it } from 'vitest';
import { startDevLedger } from './ledger.ts';
import { readGolden } from './probes/golden.ts';
import { notImitated } from './probes/not-imitated.ts';
import { type ProbeRun, runProbes } from './probes/runner.ts';

const RUN_TIMEOUT_MS = 15 * 60_000;

let run: ProbeRun;

// One run of all sections, in their order: later ones see what earlier ones left.
beforeAll(async () => {
  await using network = await startDevLedger({ batchTimeoutMs: 50 });
  run = await runProbes({ network });
}, RUN_TIMEOUT_MS);

const golden = [...readGolden()].map(([id, { what }]) => ({ id, what }));

describe('answers as Fabric does', () => {
  it.each(golden.filter(({ id }) => !notImitated.has(id)))('$id: $what', ({ id }) => {
    expect(run.records.has(id)).toBe(true);
    expect(run.differences.get(id) ?? []).toEqual([]);
  });
});

describe('differs from Fabric', () => {
  it.each([...notImitated])('%s: %s', (id) => {
    expect(run.differences.get(id)?.length).toBeGreaterThan(0);
  });
});
