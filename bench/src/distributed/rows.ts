import { randomInt } from 'node:crypto';
import { createRandom } from '@orchestrator/testing';
import { Client } from '../client/client.ts';
import { cpuMs, memoryOf } from '../process/usage.ts';
import { type Figure, toFigure } from '../report/figure.ts';
import { measureBatch } from '../rows/batch.ts';
import { measureRead, readsOf } from '../rows/reads.ts';
import { measureLife, measureSingle } from '../rows/writes.ts';
import { Api } from '../workload/api.ts';
import { type Bench, type Effort, scaled } from '../workload/bench.ts';
import { setScene } from '../workload/scene.ts';
import { layStock } from '../workload/stock.ts';
import { measureLatency } from './latency.ts';
import { limitOfGets, limitOfPuts } from './limits.ts';
import type { BenchNetwork } from './network.ts';

const MEBIBYTE = 2 ** 20;
const SEEDS = 2 ** 31;
const WRITERS = 16;
const READERS = 32;
const CALLS = 50;
/** Of what the one-put, one-get contract does. */
const AIM = 0.8;

type Measure = (bench: Bench, network: BenchNetwork) => Promise<readonly Figure[]>;

const rows: Readonly<Record<string, Measure>> = {
  batch: (bench) => measureBatch(bench, { aims: { existing: 369, timesExisting: 1.5 } }),
  single: (bench, network) =>
    measureSingle(bench, { limit: putsOf(bench, network), aims: { ofLimit: AIM, existing: 14, timesExisting: 8 } }),
  life: (bench, network) =>
    measureLife(bench, { limit: putsOf(bench, network), aims: { ofLimit: AIM, existing: 15, timesExisting: 8 } }),
  reads: measureGetTask,
  latency: measureLatency,
};

/** The rows of distributed mode, in the order of the table. */
export const distributedRows: readonly string[] = Object.keys(rows);

/** Measures rows of distributed mode. @param tell hears of each row when it is done. */
export async function measureDistributed(
  network: BenchNetwork,
  {
    names,
    effort,
    tell,
  }: {
    readonly names: readonly string[];
    readonly effort: Effort;
    readonly tell: (figures: readonly Figure[]) => void;
  },
): Promise<readonly Figure[]> {
  await using stack = new AsyncDisposableStack();
  const bench = await openBench(network, effort, stack);
  const figures: Figure[] = [];
  for (const name of names) {
    const measured = (await rows[name]?.(bench, network)) ?? [];
    tell(measured);
    figures.push(...measured);
  }
  return [...figures, ...memoryFigures(network)];
}

async function openBench(network: BenchNetwork, effort: Effort, stack: AsyncDisposableStack): Promise<Bench> {
  const { target } = network;
  const api = stack.use(await Api.open(target));
  // A network may have been measured before: other keys each time.
  const random = createRandom(randomInt(SEEDS));
  const { channels, organization } = target;
  const scenes = [
    await setScene(api, { channel: channels[0], organization, random }),
    await setScene(api, { channel: channels[1], organization, random }),
  ] as const;
  const sum = (pids: readonly number[]): number => pids.reduce((total, pid) => total + cpuMs(pid), 0);
  return {
    effort,
    target,
    api,
    scenes,
    client: stack.use(new Client()),
    usage: () =>
      Promise.resolve({
        serverCpuMs: sum(network.facadePids),
        databaseCpuMs: sum(network.ledgerPids) + sum(network.chaincodePids),
        retries: 0,
      }),
  };
}

function putsOf(bench: Bench, { least, target: { channels } }: BenchNetwork) {
  if (least === undefined) return undefined;
  return () => limitOfPuts(least, { channels, callers: WRITERS, calls: scaled(bench, CALLS) });
}

async function measureGetTask(bench: Bench, { least, target: { channels } }: BenchNetwork): Promise<readonly Figure[]> {
  const [read] = readsOf(await layStock(bench));
  if (read === undefined) return [];
  const aims = { ofLimit: AIM, existing: 276, timesExisting: 1.5 };
  const load = { channels, callers: READERS, calls: scaled(bench, CALLS) };
  const limit = least && (() => limitOfGets(least, load));
  return [await measureRead(bench, { ...read, ...aims }, limit)];
}

function memoryFigures({ chaincodePids, facadePids }: BenchNetwork): readonly Figure[] {
  const processes = [
    ...chaincodePids.map((pid, index) => ({ row: `memory of chaincode ${index + 1}`, pid })),
    ...facadePids.map((pid, index) => ({ row: `memory of facade ${index + 1}`, pid })),
  ];
  return processes.map(({ row, pid }) => {
    const { bytes, peakBytes } = memoryOf(pid);
    const notes = { 'MiB at most': peakBytes / MEBIBYTE };
    return toFigure({ row, unit: 'MiB', rounds: [{ value: bytes / MEBIBYTE }], notes });
  });
}
