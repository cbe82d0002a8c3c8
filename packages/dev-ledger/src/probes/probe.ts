import type { ProbeKit } from './kit.ts';

/** Something that is done to a network, and what it answers. */
export interface Probe {
  readonly id: string;
  /** What is done. */
  readonly what: string;
  readonly run: (kit: ProbeKit) => Promise<unknown>;
}

/** Probes that belong together; they run in order, after what they need is there. */
export interface Section {
  readonly name: string;
  readonly setup?: (kit: ProbeKit) => Promise<void>;
  readonly probes: readonly Probe[];
}

export function probe(id: string, what: string, run: Probe['run']): Probe {
  return { id, what, run };
}
