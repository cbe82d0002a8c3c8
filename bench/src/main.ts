/** `npm run bench`: measures, prints tables, and writes JSON when asked to. Never a gate; it stops by itself. */
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError } from 'commander';
import { measureBroker } from './broker.ts';
import type { Figure } from './report/figure.ts';
import { describeMachine } from './report/machine.ts';
import { printTable } from './report/table.ts';
import { measureStandalone, standaloneRows } from './standalone/rows.ts';

const BROKER = 'broker';
const names = [...standaloneRows, BROKER];

interface Options {
  readonly only: readonly string[];
  readonly rounds: number;
  readonly percent: number;
  readonly readMs: number;
  readonly events: number;
  readonly json?: string;
}

function parseNames(text: string): readonly string[] {
  const asked = text.split(',');
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) throw new InvalidArgumentError(`no row ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return asked;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number above 0 is needed');
  return Number(text);
}

async function brokerFigure(events: number): Promise<Figure> {
  const { eventsPerSecond: value, limitPerSecond: limit } = await measureBroker(events);
  return { row: 'publish to RabbitMQ', unit: 'events/s', rounds: [{ value, limit }], value, limit, ratio: value / limit };
}

async function run({ only, rounds, percent, readMs, events, json }: Options): Promise<void> {
  const machine = describeMachine();
  const effort = { rounds, percent, readMs };
  const standalone = only.filter((name) => name !== BROKER);
  const result = standalone.length === 0 ? undefined : await measureStandalone(standalone, effort, printTable);
  const figures = [...(result?.figures ?? [])];
  if (only.includes(BROKER)) figures.push(await brokerFigure(events));
  printTable(figures);
  if (json === undefined) return;
  const report = { machine, postgres: result?.postgres, effort, figures };
  await writeFile(json, `${JSON.stringify(report, undefined, 2)}\n`);
}

const options = new Command('bench')
  .description('Measures the server beside the limit of the machine, both in the same run.')
  .option('--only <rows>', `which rows, with commas between: ${names.join(', ')}`, parseNames, names)
  .option('--rounds <count>', 'rounds of each row, behind one for warming up; the median counts', parseCount, 3)
  .option('--percent <number>', 'size of the workloads, of the full one', parseCount, 100)
  .option('--read-ms <milliseconds>', 'how long each read is repeated', parseCount, 2000)
  .option('--events <count>', 'events to publish to the broker', parseCount, 20_000)
  .option('--json <file>', 'where to write the figures')
  .parse()
  .opts<Options>();

await run(options);
