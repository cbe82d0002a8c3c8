import { type Figure, median, type Round } from './figure.ts';
import { aimOf, aimOfExisting } from './markdown.ts';

function rounded(value: number | undefined): number | string {
  if (value === undefined) return '';
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}

function medianOf(rounds: readonly Round[], read: (round: Round) => number | undefined): number | string {
  const values = rounds.flatMap((round) => read(round) ?? []);
  return values.length === 0 ? '' : rounded(median(values));
}

function countFailures(rounds: readonly Round[]): number {
  return rounds.flatMap(({ failures = {} }) => Object.values(failures)).reduce((sum, count) => sum + count, 0);
}

/** One line of the table, for console.table. */
function toLine(figure: Figure): Record<string, number | string> {
  const { value, unit, limit, ratio, cpuRatio, existing, rounds } = figure;
  return {
    figure: rounded(value),
    unit,
    limit: rounded(limit),
    ratio: rounded(ratio),
    'of CPU time': rounded(cpuRatio),
    'aim of limit': aimOf(figure),
    'times existing': existing === undefined ? '' : rounded(value / existing),
    'aim of existing': aimOfExisting(figure, unit),
    'p50 ms': medianOf(rounds, ({ p50Ms }) => p50Ms),
    'p99 ms': medianOf(rounds, ({ p99Ms }) => p99Ms),
    'cores: server': medianOf(rounds, ({ shares }) => shares?.server),
    database: medianOf(rounds, ({ shares }) => shares?.database),
    client: medianOf(rounds, ({ shares }) => shares?.client),
    failed: countFailures(rounds),
    retries: rounds.reduce((sum, { retries = 0 }) => sum + retries, 0),
  };
}

/** Prints the figures and what else was noticed. */
export function printTable(figures: readonly Figure[]): void {
  console.table(Object.fromEntries(figures.map((figure) => [figure.row, toLine(figure)])));
  for (const { row, notes = {} } of figures) {
    const told = Object.entries(notes).map(([name, value]) => `${name} ${rounded(value)}`);
    if (told.length > 0) console.log(`${row}: ${told.join(', ')}`);
  }
}
