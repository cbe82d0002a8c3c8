/** `npm run bench`: measures, prints a table, and writes JSON when asked to. Never a gate; it stops by itself. */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { Command } from 'commander';
import { measureBroker } from './broker.ts';

interface Options {
  readonly events: string;
  readonly json?: string;
}

const options = new Command('bench')
  .description('Measures the server beside the limit of the machine, both in the same run.')
  .option('--events <count>', 'events to publish to the broker', '20000')
  .option('--json <file>', 'where to write the figures')
  .parse()
  .opts<Options>();

const broker = await measureBroker(Number(options.events));
console.table({
  'publish to RabbitMQ': {
    'events/s': Math.round(broker.eventsPerSecond),
    'limit, events/s': Math.round(broker.limitPerSecond),
    ratio: Number((broker.eventsPerSecond / broker.limitPerSecond).toFixed(2)),
  },
});
if (options.json !== undefined) {
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model, cores: cpus().length, node: process.version };
  await writeFile(options.json, `${JSON.stringify({ date: new Date().toISOString(), machine, broker }, undefined, 2)}\n`);
}
