import { type Aims, type Figure, median, type Round } from './figure.ts';

const HEAD = ['row', 'figure', 'unit', 'limit', 'ratio', 'of CPU time', 'aim', 'times existing', 'aim', 'cores: server, database, client'];

function rounded(value: number | undefined): string {
  if (value === undefined) return '';
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(2)));
}

function cores(rounds: readonly Round[]): string {
  const shares = rounds.flatMap((round) => round.shares ?? []);
  if (shares.length === 0) return '';
  const parts = [
    shares.map(({ server }) => server),
    shares.map(({ database }) => database),
    shares.map(({ client }) => client),
  ];
  return parts.map((values) => rounded(median(values))).join(', ');
}

/** What the issue asks of a figure beside its limit; empty without such an aim. */
export function aimOf({ ofLimit, timesLimit }: Aims): string {
  if (timesLimit !== undefined) return `≤ ${timesLimit}`;
  return ofLimit === undefined ? '' : `≥ ${ofLimit}`;
}

/** What the issue asks of a figure beside that of the existing server; empty without such an aim. */
export function aimOfExisting({ timesExisting }: Aims, unit: string): string {
  return timesExisting === undefined ? '' : `${unit === 'ms' ? '≤' : '≥'} ${timesExisting}`;
}

/** The figures as a table for documentation. */
export function toMarkdown(figures: readonly Figure[]): string {
  const lines = figures.map(({ row, unit, value, limit, ratio, cpuRatio, rounds, ...aims }) => [
    row,
    rounded(value),
    unit,
    rounded(limit),
    rounded(ratio),
    rounded(cpuRatio),
    aimOf(aims),
    rounded(aims.existing === undefined ? undefined : value / aims.existing),
    aimOfExisting(aims, unit),
    cores(rounds),
  ]);
  const rule = HEAD.map(() => '---');
  return [HEAD, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}
