import { barePath } from '../../bare/setup.ts';
import { type Figure, toFigure } from '../../report/figure.ts';
import { runRounds, scaled } from '../../workload/bench.ts';
import { measureBare } from '../bare-load.ts';
import type { StandaloneBench } from '../bench.ts';
import { limitOfStream } from '../stream-limits.ts';

const CALLERS = 32;
const ANSWER_BYTES = 1200;
const FOLLOWERS = 10;
const MESSAGES = 10_000;

/** What the machine of the existing server's figures made of the same: the aims are to be scaled by the ratio. */
const OTHER_ECHOES = 22_000;
const OTHER_DELIVERIES = 180_000;

/** How fast bare grpc-js is on this machine, with the clients of this benchmark. The channel must have the events. */
export async function measureMachine(bench: StandaloneBench): Promise<readonly Figure[]> {
  const call = { path: barePath.echo, message: new Uint8Array() };
  const lanes = Array.from({ length: CALLERS }, () => ({ headers: {}, calls: Array.from({ length: 20 }, () => call) }));
  const echo = () =>
    measureBare(bench, { poolSize: 1, answerBytes: ANSWER_BYTES }, { connections: CALLERS, lanes, repeatMs: bench.effort.readMs });
  const stream = async () => {
    const { streamRate } = await limitOfStream(bench, { followers: FOLLOWERS, messages: scaled(bench, MESSAGES), from: 'start' });
    return { value: streamRate };
  };
  return [
    toFigure({ row: 'machine: echo', unit: 'calls/s', rounds: await runRounds(bench, echo), existing: OTHER_ECHOES }),
    toFigure({ row: `machine: stream to ${FOLLOWERS}`, unit: 'deliveries/s', rounds: await runRounds(bench, stream), existing: OTHER_DELIVERIES }),
  ];
}
