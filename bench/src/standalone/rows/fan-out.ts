import { type Figure, median, type Round, toFigure } from '../../report/figure.ts';
import type { Curve } from '../../report/svg.ts';
import { type FanOut, type FanOutRound, runFanOut } from '../../rows/fan-out.ts';
import { memoryOf } from '../../process/usage.ts';
import { scaled, withLimit } from '../../workload/bench.ts';
import type { StandaloneBench } from '../bench.ts';
import { limitOfStream, type StreamLimitFigures } from '../stream-limits.ts';

const MANY = 1000;
const MEBIBYTE = 2 ** 20;

/** Aims of the fan-outs that the existing server was measured with: its deliveries per second, and our multiple. */
const AIMS: Readonly<Record<string, { readonly existing: number; readonly timesExisting: number }>> = {
  'batch to 10': { existing: 10_400, timesExisting: 5 },
  'batch to 100': { existing: 15_500, timesExisting: 6 },
  'single to 10': { existing: 4225, timesExisting: 5 },
  'single to 100': { existing: 7433, timesExisting: 10 },
};

interface Pair {
  readonly round: FanOutRound;
  readonly limit: StreamLimitFigures;
}

/** 1,000 events of one batch, and 1,000 of single writes, to 10, 100 and 1,000 followers. */
export async function measureFanOut(bench: StandaloneBench): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const writes of ['batch', 'single'] as const) {
    const points: (readonly [number, number])[] = [];
    const measured: Figure[] = [];
    for (const followers of [10, 100, MANY]) {
      const lines = await measureOne(bench, { writes, followers });
      points.push([followers, serverMsPerEvent(followers, lines[0]?.rounds ?? [])]);
      measured.push(...lines);
    }
    const curve: Curve = {
      name: `subscribers-${writes}`,
      title: writes === 'batch' ? 'An event of a batch of 1,000' : 'An event of a single write',
      xLabel: 'subscribers',
      yLabel: "ms of the server's processor time",
      points,
    };
    figures.push(...measured.map((figure, index) => (index === 0 ? { ...figure, curves: [curve] } : figure)));
  }
  return figures;
}

/** What an event costs the server: its registration, and its delivery to each follower. */
function serverMsPerEvent(followers: number, rounds: readonly Round[]): number {
  return median(rounds.map(({ value, shares }) => (1000 * followers * (shares?.server ?? 0)) / value));
}

async function measureOne(bench: StandaloneBench, fanOut: FanOut): Promise<readonly Figure[]> {
  const { followers, writes } = fanOut;
  const pairs: Pair[] = [];
  // A million deliveries are their own warm-up.
  const warmUps = followers === MANY ? 0 : 1;
  const rounds = followers === MANY ? 1 : bench.effort.rounds;
  for (let index = 0; index < warmUps + rounds; index += 1) {
    const pair = await runPair(bench, fanOut);
    if (index >= warmUps) pairs.push(pair);
  }
  const row = `${writes} to ${followers}`;
  const notes = {
    'database connections': pairs[0]?.round.connections ?? 0,
    'server MiB': memoryOf(bench.servers[0]?.pid ?? 0).bytes / MEBIBYTE,
  };
  const line = {
    unit: 'deliveries/s',
    rounds: pairs.map(({ round, limit }) => withLimit(round, limit)),
    notes,
    ...AIMS[row],
  };
  // A batch comes out of one commit: what its limit has to be held against is how it then streams.
  if (writes === 'single') return [toFigure({ ...line, row, ofLimit: 0.5 })];
  const { notes: _, ...streaming } = line;
  return [
    toFigure({ ...line, row, rounds: pairs.map(({ round }) => round) }),
    toFigure({ row: `${row}, streaming`, unit: streaming.unit, rounds: pairs.map(toStreamRound), ofLimit: 0.5 }),
  ];
}

async function runPair(bench: StandaloneBench, { followers, writes }: FanOut): Promise<Pair> {
  const parts = { bench, followers: bench.followers, countConnections: () => bench.countConnections() };
  const round = await runFanOut(parts, { followers, writes });
  const messages = scaled(bench, MANY);
  const common = { followers, messages, from: 'end' } as const;
  const limit = await limitOfStream(bench, writes === 'batch' ? common : { ...common, lanes: round.lanes });
  return { round, limit };
}

function toStreamRound({ round, limit }: Pair): Round {
  return { value: round.streamRate, limit: limit.streamRate };
}
