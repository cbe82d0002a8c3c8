import { readGolden, runProbes, type ProbeRun, sectionNames } from '@orchestrator/dev-ledger/probes';
import { beforeAll, describe, expect, it } from 'vitest';
import { startFabricNetwork } from './network.ts';

const RUN_TIMEOUT_MS = 20 * 60_000;

/** These take minutes: messages of 100 MiB, time limits, restarts of nodes. */
const long = new Set(['sizes', 'faults']);
const isExtended = process.env['ORCHESTRATOR_TEST_EXTENDED'] !== undefined;
const sections = sectionNames.filter((name) => isExtended || !long.has(name));
const golden = [...readGolden()].filter(([, { section }]) => sections.includes(section)).map(([id, { what }]) => ({ id, what }));

describe('the probes of the development ledger, on what they were recorded from', () => {
  let run: ProbeRun;

  beforeAll(async () => {
    await using network = await startFabricNetwork({ batchTimeoutMs: 50 });
    run = await runProbes({ network, only: sections });
  }, RUN_TIMEOUT_MS);

  it.each(golden)('$id: $what', ({ id }) => {
    expect(run.records.has(id)).toBe(true);
    expect(run.differences.get(id) ?? []).toEqual([]);
  });
});
