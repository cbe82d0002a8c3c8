// Reads an organization's queue: every event once, in order, through restarts of the broker and of this program.
//   AMQP_URL=amqp://MyOrg1MSP:password@127.0.0.1:5672/ QUEUE=MyOrg1MSP STATE_FILE=seen.txt node consumer.ts
import { appendFile, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from 'amqplib';
import type { Channel, ConsumeMessage } from 'amqplib';

const { AMQP_URL: url = 'amqp://127.0.0.1', QUEUE: queue = '', STATE_FILE: stateFile = 'seen.txt' } = process.env;

/** How many ids are remembered: repeats come from what was on its way at a failure, never from long ago. */
const REMEMBERED = 100_000;
/** Events on their way to this program that it has not acknowledged. */
const PREFETCH = 100;
const RECONNECT_DELAY_MS = 500;

const seen = new Set<string>((await readFile(stateFile, 'utf8').catch(() => '')).split('\n').filter(Boolean).slice(-REMEMBERED));
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());

/** What is used of an event here; docs/broker.md has whole ones. */
interface Event {
  readonly id: string;
  readonly event_kind: string;
  readonly asset_key: string;
}

/** What a backend does with an event. */
function handle(event: Event): void {
  console.log(event.id, event.event_kind, event.asset_key);
}

/**
 * The order matters: the effect, then the id, then the acknowledgement. A crash in between brings the event again. Where
 * the effect must not happen twice, store it and the id in one transaction of your database.
 */
async function receive(channel: Channel, message: ConsumeMessage): Promise<void> {
  const id = String(message.properties.messageId);
  if (!seen.has(id)) {
    handle(JSON.parse(message.content.toString()) as Event);
    await appendFile(stateFile, `${id}\n`);
    seen.add(id);
    const [oldest] = seen;
    if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
  }
  channel.ack(message);
}

/** Reads until the connection ends or the program is to stop. */
async function consume(): Promise<void> {
  const connection = await connect(url);
  const ended = new Promise<void>((resolve) => void connection.once('close', resolve));
  connection.on('error', ({ message }: Error) => console.error(message));
  const channel = await connection.createChannel();
  const failed = new Promise<void>((resolve) => void channel.once('error', () => resolve()));
  await channel.prefetch(PREFETCH);
  // One after another: the next event is looked at when this one is done.
  let work = Promise.resolve();
  let isCancelled = () => {};
  const cancelled = new Promise<void>((resolve) => (isCancelled = resolve));
  await channel.consume(queue, (message) => {
    if (message === null) isCancelled();
    else work = work.then(() => receive(channel, message));
  });
  console.error('reading', queue);
  const stopped = new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()));
  await Promise.race([ended, failed, cancelled, stopped]);
  await work;
  // In this order: closing the connection alone would overtake the last acknowledgements.
  await channel.close().catch(() => undefined);
  await connection.close().catch(() => undefined);
}

while (!stop.signal.aborted) {
  try {
    await consume();
  } catch (error) {
    console.error('trying again:', error instanceof Error ? error.message : error);
  }
  await sleep(RECONNECT_DELAY_MS, undefined, { signal: stop.signal }).catch(() => undefined);
}
