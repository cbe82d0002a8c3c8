import type { Curve } from './svg.ts';

/** Cores that were busy on average, each of the ones that took part. */
export interface Shares {
  readonly server: number;
  readonly database: number;
  readonly client: number;
}

/** One measurement of a row, and that of its limit behind it. */
export interface Round {
  readonly value: number;
  readonly limit?: number;
  readonly shares?: Shares;
  /** Processor time of server, database and client together for one unit of what is counted, and that of the limit. */
  readonly cpuMs?: number;
  readonly limitCpuMs?: number;
  readonly p50Ms?: number;
  readonly p99Ms?: number;
  /** Calls that failed, by status. */
  readonly failures?: Readonly<Record<string, number>>;
  /** Transactions that the server tried again. */
  readonly retries?: number;
}

/** What the issue asks for. */
export interface Aims {
  /** Of the ratio to the limit. */
  readonly ofLimit?: number;
  /** At most so many times the limit, where less is better. */
  readonly timesLimit?: number;
  /** Figure of the existing server, and our aim as a multiple of it. */
  readonly existing?: number;
  readonly timesExisting?: number;
}

/** One line of the table. */
export interface Figure extends Aims {
  readonly row: string;
  /** `tasks/s`, `ms`, … */
  readonly unit: string;
  readonly rounds: readonly Round[];
  /** Median of the rounds. */
  readonly value: number;
  readonly limit?: number;
  /** Median of the rounds' own ratios: what disturbs a round disturbs its limit as well. */
  readonly ratio?: number;
  /** The same of processor time per unit, the limit's divided by ours: what others do on the machine hardly touches it. */
  readonly cpuRatio?: number;
  readonly notes?: Readonly<Record<string, number>>;
  readonly curves?: readonly Curve[];
}

/** @param sorted the smallest first. */
export function percentile(sorted: readonly number[], percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0;
}

/** The median; of two the lower one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? 0;
}

interface Line extends Aims {
  readonly row: string;
  readonly unit: string;
  readonly rounds: readonly Round[];
  readonly notes?: Readonly<Record<string, number>>;
  readonly curves?: readonly Curve[];
}

/** Makes the line of a row from its rounds. */
export function toFigure(line: Line): Figure {
  const { rounds } = line;
  const figure: Figure = { ...line, value: median(rounds.map((round) => round.value)) };
  const limits = rounds.flatMap(({ limit }) => limit ?? []);
  if (limits.length === 0) return figure;
  const ratios = rounds.flatMap(({ value, limit }) => (limit === undefined ? [] : value / limit));
  const cpuRatios = rounds.flatMap(({ cpuMs, limitCpuMs }) => {
    return cpuMs === undefined || limitCpuMs === undefined ? [] : limitCpuMs / cpuMs;
  });
  const withRatio = { ...figure, limit: median(limits), ratio: median(ratios) };
  return cpuRatios.length === 0 ? withRatio : { ...withRatio, cpuRatio: median(cpuRatios) };
}
