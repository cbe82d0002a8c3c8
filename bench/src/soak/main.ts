/** `npm run soak`: ends with `N passed, N failed`. */
import { Command, InvalidArgumentError } from 'commander';
import { describeMachine } from '../report/machine.ts';
import { toMib } from './judgement.ts';
import { runSoak } from './soak.ts';

const MS_PER_MINUTE = 60_000;
const CHUNK_MS = 10_000;

function parsePositive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('a number above 0 is needed');
  return value;
}

const { minutes, subscribers } = new Command('soak')
  .description('Loads a server for a while with subscribers of whom half are slow or dead, and looks for what it loses or keeps.')
  .option('--minutes <number>', 'how long it is loaded, behind a fifth of that for warming up', parsePositive, 10)
  .option('--subscribers <count>', 'how many event streams', parsePositive, 1000)
  .parse()
  .opts<{ readonly minutes: number; readonly subscribers: number }>();

// What it has started ends with it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
console.log(describeMachine());
const { faults, rss, ...result } = await runSoak({
  subscribers,
  loadMs: minutes * MS_PER_MINUTE,
  chunkMs: CHUNK_MS,
  tell: (line) => console.log(line),
});
const { firstBytes, lastBytes, slopeBytesPerMinute } = rss;
const memory = { firstThird: toMib(firstBytes), lastThird: toMib(lastBytes), slopePerMinute: toMib(slopeBytesPerMinute) };
console.log({ ...result, 'resident MiB': memory, machine: describeMachine() });
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? '1 passed, 0 failed' : '0 passed, 1 failed');
process.exitCode = faults.length === 0 ? 0 : 1;
