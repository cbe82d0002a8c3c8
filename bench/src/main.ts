/** `npm run bench`: measures, prints tables, and writes JSON when asked to. Never a gate; it stops by itself. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { measureBroker } from './broker.ts';
import { type LedgerOptions, preferredLedger, startLedger } from './distributed/ledgers.ts';
import { attachTo } from './distributed/network.ts';
import { distributedRows, measureDistributed } from './distributed/rows.ts';
import type { Figure } from './report/figure.ts';
import { describeMachine } from './report/machine.ts';
import { toMarkdown } from './report/markdown.ts';
import { toSvg } from './report/svg.ts';
import { printTable } from './report/table.ts';
import { measureStandalone, standaloneRows } from './standalone/rows.ts';
import type { Effort } from './workload/bench.ts';

const BROKER = 'broker';

interface Options extends Effort {
  readonly only?: readonly string[];
  readonly events: number;
  readonly json?: string;
  readonly markdown?: string;
  readonly plots?: string;
  readonly profile?: string;
  readonly distributed?: true;
  readonly ledger: LedgerOptions['ledger'];
  readonly blockMs: number;
  readonly address?: string;
  readonly organization: string;
  readonly channels: readonly string[];
  readonly chaincode: string;
}

interface Result {
  readonly figures: readonly Figure[];
  /** What was measured, and on which versions. */
  readonly store: string;
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number above 0 is needed');
  return Number(text);
}

const parseList = (text: string): readonly string[] => text.split(',');

/** @throws Error when a row is asked for that isn't there. */
function chooseRows(asked: readonly string[] | undefined, known: readonly string[]): readonly string[] {
  const unknown = asked?.filter((name) => !known.includes(name)) ?? [];
  if (unknown.length > 0) throw new Error(`no row ${unknown.join(', ')}; there are ${known.join(', ')}`);
  return asked ?? known;
}

async function runStandalone({ only, events, profile, ...effort }: Options): Promise<Result> {
  const names = chooseRows(only, [...standaloneRows, BROKER]);
  const figures: Figure[] = [];
  const served = names.filter((name) => name !== BROKER);
  let store = '';
  if (served.length > 0) {
    const result = await measureStandalone(served, effort, { tell: printTable, profileFolder: profile });
    figures.push(...result.figures);
    store = `PostgreSQL ${result.postgres}`;
  }
  if (names.includes(BROKER)) figures.push(await brokerFigure(events));
  return { figures, store };
}

async function brokerFigure(events: number): Promise<Figure> {
  const { eventsPerSecond: value, limitPerSecond: limit } = await measureBroker(events);
  return {
    row: 'publish to RabbitMQ',
    unit: 'events/s',
    rounds: [{ value, limit }],
    value,
    limit,
    ratio: value / limit,
  };
}

async function runDistributed(options: Options): Promise<Result> {
  const { address, blockMs, chaincode, channels, ledger, only, organization, ...rest } = options;
  const [first, second = first] = channels;
  if (first === undefined || second === undefined) throw new Error('a channel is needed');
  const target = { addresses: [address ?? ''], organization, channels: [first, second], chaincode } as const;
  await using network = address === undefined ? await startLedger({ ledger, blockMs }) : attachTo(target);
  const names = chooseRows(only, distributedRows);
  const figures = await measureDistributed(network, { names, effort: rest, tell: printTable });
  return { figures, store: network.description };
}

async function writePlots(folder: string, figures: readonly Figure[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const curve of figures.flatMap(({ curves = [] }) => curves)) {
    await writeFile(join(folder, `${curve.name}.svg`), toSvg(curve));
  }
}

async function run(options: Options): Promise<void> {
  const machine = describeMachine();
  const { figures, store } = await (options.distributed === true ? runDistributed(options) : runStandalone(options));
  printTable(figures);
  if (options.plots !== undefined) await writePlots(options.plots, figures);
  if (options.markdown !== undefined) await writeFile(options.markdown, toMarkdown(figures));
  if (options.json === undefined) return;
  const { rounds, percent, readMs } = options;
  const report = { machine, store, effort: { rounds, percent, readMs }, figures };
  await writeFile(options.json, `${JSON.stringify(report, undefined, 2)}\n`);
}

const options = new Command('bench')
  .description('Measures the server beside the limit of the machine, both in the same run.')
  .option('--only <rows>', `some rows, with commas between: ${standaloneRows.join(', ')}, ${BROKER}`, parseList)
  .option('--rounds <count>', 'rounds of each row, behind one for warming up; the median counts', parseCount, 3)
  .option('--percent <number>', 'size of the workloads, of the full one', parseCount, 100)
  .option('--read-ms <milliseconds>', 'how long each read is repeated', parseCount, 2000)
  .option('--events <count>', 'events to publish to the broker', parseCount, 20_000)
  .option('--json <file>', 'where to write the figures')
  .option('--markdown <file>', 'where to write the table, for documentation')
  .option('--plots <folder>', 'where to write the plots, as SVG')
  .option('--profile <folder>', "where to write what the server's time went into, by row: profile, flame graph, table", String)
  .option('--distributed', `measure distributed mode; its rows are ${distributedRows.join(', ')}`)
  .addOption(
    new Option('--ledger <kind>', 'which ledger to start').choices(['fabric', 'development']).default(preferredLedger()),
  )
  .option('--block-ms <milliseconds>', 'how long an orderer waits before it cuts a block', parseCount, 50)
  .option('--address <host:port>', 'a facade that runs already, instead of a ledger to start')
  .option('--organization <mspid>', 'who calls it', 'MyOrg1MSP')
  .option('--channels <names>', 'one or two of its channels', parseList, ['mychannel', 'yourchannel'])
  .option('--chaincode <name>', 'the chaincode of the channels', 'mycc')
  .parse()
  .opts<Options>();

// What it has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
await run(options);
