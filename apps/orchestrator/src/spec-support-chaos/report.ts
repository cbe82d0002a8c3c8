import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { ChannelFindings } from './check.ts';
import type { FaultKind } from './plan.ts';
import type { ChaosFindings } from './run.ts';

/** All that a run of many plans came to, as it is written to its file. */
export interface ChaosReport {
  readonly seed: number;
  readonly faultsWanted: number;
  readonly startedAt: string;
  readonly durationS: number;
  readonly clocksStepped: boolean;
  /** Of each plan its seed, and what was found. */
  readonly plans: readonly ChaosFindings[];
  /** What ended the run early. */
  readonly failure?: string;
}

/** Counts of a channel that may be added up. */
type Counts = { -readonly [Name in keyof ChannelFindings]: number };

/** How many faults happened in a plan. */
export function faultCount({ injected }: ChaosFindings): number {
  return Object.values(injected).reduce((sum, count) => sum + count, 0);
}

/** Sums over all plans and channels. */
export function totals(plans: readonly ChaosFindings[]): Counts & { readonly faults: number; readonly retries: number; readonly connections: number } {
  const counts: Counts = {
    transactions: 0, answered: 0, refused: 0, reads: 0, unheardCommitted: 0, unheardAbsent: 0, refusedCommitted: 0,
    events: 0, readings: 0, messages: 0, repeatedMessages: 0, replays: 0,
  };
  for (const channel of plans.flatMap(({ channels }) => Object.values(channels))) {
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += channel[name];
  }
  const sumOf = (count: (plan: ChaosFindings) => number): number => plans.reduce((sum, plan) => sum + count(plan), 0);
  return { ...counts, faults: sumOf(faultCount), retries: sumOf(({ retries }) => retries), connections: sumOf(({ connections }) => connections) };
}

/** How often each kind of fault happened. */
export function totalsByKind(plans: readonly ChaosFindings[]): Partial<Record<FaultKind, number>> {
  const counts: Partial<Record<FaultKind, number>> = {};
  for (const { injected } of plans) {
    for (const [kind, count] of Object.entries(injected) as [FaultKind, number][]) counts[kind] = (counts[kind] ?? 0) + count;
  }
  return counts;
}

/** The row of docs/reliability.md. */
export function markdownRow(report: ChaosReport): string {
  const { faults, transactions, reads, refused, retries, unheardCommitted, unheardAbsent, events, connections, messages, repeatedMessages } = totals(report.plans);
  const cells = [
    report.startedAt.slice(0, 10),
    report.seed,
    `${faults} of ${report.faultsWanted}`,
    `${Math.round(report.durationS / 60)} min`,
    transactions,
    reads + refused,
    retries,
    `${unheardCommitted} / ${unheardAbsent}`,
    events,
    connections,
    `${messages} / ${repeatedMessages}`,
    report.clocksStepped ? 'yes' : 'no',
    report.failure === undefined ? 'none' : 'see below',
  ];
  return `| ${cells.join(' | ')} |`;
}

/** Writes the report, whole at any moment. */
export async function writeReport(path: string, report: ChaosReport): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const content = { ...report, totals: totals(report.plans), injected: totalsByKind(report.plans), row: markdownRow(report) };
  await writeFile(`${path}.new`, `${JSON.stringify(content, undefined, 2)}\n`);
  await rename(`${path}.new`, path);
}
