import { beforeAll, describe, expect, it } from 'vitest';
import { startDevLedger } from './ledger.ts';
import { readGolden } from './probes/golden.ts';
import { notImitated } from './probes/not-imitated.ts';
import { type ProbeRun, runProbes, sectionNames } from './probes/runner.ts';

const RUN_TIMEOUT_MS = 20 * 60_000;
/** These take minutes: messages of 100 MiB, time limits, restarts of nodes. */
const long = new Set(['sizes', 'faults']);
const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] === '1';
const sections = sectionNames.filter((name) => isExtended || !long.has(name));
const golden = [...readGolden()].filter(([, { section }]) => sections.includes(section)).map(([id, { what }]) => ({ id, what }));

let run: ProbeRun;

// One run of the sections, in their order: later ones see what earlier ones left.
beforeAll(async () => {
  await using network = await startDevLedger({ batchTimeoutMs: 50 });
  run = await runProbes({ network, only: sections });
}, RUN_TIMEOUT_MS);

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
