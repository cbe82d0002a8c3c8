import { setTimeout as delay } from 'node:timers/promises';
import type { LedgerNetwork } from '../network.ts';
import { differencesOf, type Difference, type Json, type ProbeRecord, readGolden } from './golden.ts';
import { openKit, type ProbeKit } from './kit.ts';
import type { Probe } from './probe.ts';
import { sections } from './sections/index.ts';

const PROBE_TIMEOUT_MS = 90_000;

/** What to run, and where. */
export interface ProbeRunOptions {
  /** A fresh network. */
  readonly network: LedgerNetwork;
  /** Names of sections; all when there are none. They run in their own order. */
  readonly only?: readonly string[];
  /** Told of each probe when it is through. */
  readonly onProbe?: (id: string, differences: readonly Difference[]) => void;
}

/** What a run found. */
export interface ProbeRun {
  readonly records: ReadonlyMap<string, ProbeRecord>;
  /** The probes whose outcome is not the golden one. */
  readonly differences: ReadonlyMap<string, readonly Difference[]>;
  /** Rough times and counts. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The sections' names, in the order in which they run. */
export const sectionNames: readonly string[] = sections.map(({ name }) => name);

/** Runs the probes on a network and compares what it answers with what a real one answered. */
export async function runProbes({ network, only = [], onProbe }: ProbeRunOptions): Promise<ProbeRun> {
  const golden = readGolden();
  const records = new Map<string, ProbeRecord>();
  const differences = new Map<string, readonly Difference[]>();
  await using open = await openKit(network);
  for (const { name, setup, probes } of sections) {
    if (only.length > 0 && !only.includes(name)) continue;
    await setup?.(open.kit);
    for (const probe of probes) {
      const outcome = await outcomeOf(probe, open.kit);
      records.set(probe.id, { what: probe.what, section: name, outcome });
      const found = differencesOf(golden.get(probe.id)?.outcome, outcome);
      if (found.length > 0) differences.set(probe.id, found);
      onProbe?.(probe.id, found);
    }
  }
  return { records, differences, facts: open.facts };
}

async function outcomeOf({ run }: Probe, kit: ProbeKit): Promise<Json> {
  const late = delay(PROBE_TIMEOUT_MS, { driverFailure: `no outcome within ${PROBE_TIMEOUT_MS} ms` }, { ref: false });
  let outcome: unknown;
  try {
    outcome = await Promise.race([run(kit), late]);
  } catch (error) {
    outcome = { driverFailure: kit.errorOf(error) };
  }
  return toJson(outcome);
}

/** As golden.json has it: undefined values left out, block numbers as numbers. */
function toJson(value: unknown): Json {
  const text = JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? Number(one) : one));
  return text === undefined ? null : (JSON.parse(text) as Json);
}
