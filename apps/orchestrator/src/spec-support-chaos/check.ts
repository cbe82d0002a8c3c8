import { isDeepStrictEqual } from 'node:util';
import { Event, eventToJson } from '@orchestrator/lib';
import { explainHistory, type HistoryExplanation, type RecordedCall, Unexplained } from '@orchestrator/testing';
import type { Replay } from '../spec-support-faults/busy-clients.ts';

/** What a reader of a channel got, in the order in which it came. */
export interface Reading {
  /** Who it was, for the report. */
  readonly reader: string;
  readonly events: readonly Event[];
}

/** A message of a queue, in the order of arrival; the same one may have come more than once. */
export interface QueuedMessage {
  readonly id: string;
  /** Its body. */
  readonly text: string;
}

/** All that was seen of one channel, from its first call until all was quiet again. */
export interface ChannelRecord {
  readonly channel: string;
  /** The last ones are listings of everything, after all else. */
  readonly calls: readonly RecordedCall[];
  /** The whole stream as it is told to somebody new: the witness of the order. */
  readonly events: readonly Event[];
  /** The whole log, as it was told to others: those who followed over all faults, and QueryEvents. */
  readonly readings: readonly Reading[];
  /** What somebody got who began behind an event. */
  readonly resumed: readonly (Reading & { readonly afterId: string })[];
  /** What came to each organization's queue. */
  readonly queues: ReadonlyMap<string, readonly QueuedMessage[]>;
  /** Answered calls that were sent again with their keys, in the end. */
  readonly replays: readonly Replay[];
}

/** What was checked of a channel. */
export type ChannelFindings = Omit<HistoryExplanation, 'model'> & {
  readonly events: number;
  readonly readings: number;
  readonly messages: number;
  readonly repeatedMessages: number;
  readonly replays: number;
};

/**
 * Proves of one channel that a serial order explains all answers, with acknowledged writes in it once and the others as
 * a whole or not at all; that every reader and every queue got each event of that order, once (queues: at least once), in order; and that
 * an answered call that comes again with its key is answered as it was.
 *
 * @throws Unexplained at the first thing that is not so; its message names it.
 */
export function checkChannel(record: ChannelRecord): ChannelFindings {
  const { channel, calls, events } = record;
  const instants = new Map(events.map((event) => [event.id, instantOf(event)]));
  checkInstants(events);
  const transactionOf = (id: string): string => String(instants.get(id));
  const { model: _, ...counts } = explainHistory({ channel, calls, events, transactionOf, visibleAt: 'every-server' });
  for (const { reader, events: got } of record.readings) checkSame(reader, got, events);
  for (const { reader, afterId, events: got } of record.resumed) checkSame(reader, got, events.slice(events.findIndex(({ id }) => id === afterId) + 1));
  const texts = events.map((event) => ({ id: event.id, text: eventToJson(Event.encode(event).finish()).text }));
  for (const [queue, messages] of record.queues) checkQueue(queue, messages, texts);
  for (const replay of record.replays) checkReplay(replay);
  const messages = [...record.queues.values()].reduce((sum, queue) => sum + queue.length, 0);
  return {
    ...counts,
    events: events.length,
    readings: record.readings.length + record.resumed.length,
    messages,
    repeatedMessages: messages - record.queues.size * events.length,
    replays: record.replays.length,
  };
}

/** In nanoseconds since 1970. */
function instantOf({ timestamp }: Event): bigint {
  return timestamp === undefined ? 0n : timestamp.seconds * 1_000_000_000n + BigInt(timestamp.nanos);
}

/** The log does not go back in time, whatever clocks do. */
function checkInstants(events: readonly Event[]): void {
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    if (before !== undefined && instantOf(event) < instantOf(before)) {
      throw new Unexplained(`event ${index}, ${event.id}, is earlier than the one before it, ${before.id}`);
    }
  }
}

function checkSame(reader: string, got: readonly Event[], wanted: readonly Event[]): void {
  checkOrder(reader, got.map(({ id }) => id), wanted.map(({ id }) => id));
  for (const [index, event] of wanted.entries()) {
    if (!isDeepStrictEqual(got[index], event)) throw new Unexplained(`${reader}: event ${index}, ${event.id}, is not what others were told of it`);
  }
}

/** Names the first event that is missing, comes again, or stands elsewhere. */
function checkOrder(reader: string, got: readonly string[], wanted: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, id] of got.entries()) {
    if (seen.has(id)) throw new Unexplained(`${reader}: event ${id} comes twice, the second time as number ${index}`);
    seen.add(id);
  }
  const missing = wanted.find((id) => !seen.has(id));
  if (missing !== undefined) throw new Unexplained(`${reader}: event ${missing}, number ${wanted.indexOf(missing)}, is missing`);
  const known = new Set(wanted);
  const strange = got.find((id) => !known.has(id));
  if (strange !== undefined) throw new Unexplained(`${reader}: event ${strange} is not in the log`);
  const swapped = got.findIndex((id, index) => id !== wanted[index]);
  if (swapped >= 0) throw new Unexplained(`${reader}: event ${got[swapped]} stands in the place of ${wanted[swapped]}, number ${swapped}`);
}

/** At least once each, and in order when repeats are left out. */
function checkQueue(queue: string, messages: readonly QueuedMessage[], wanted: readonly QueuedMessage[]): void {
  const reader = `the queue ${queue}`;
  checkOrder(reader, [...new Set(messages.map(({ id }) => id))], wanted.map(({ id }) => id));
  const texts = new Map(wanted.map(({ id, text }) => [id, text]));
  const changed = messages.find(({ id, text }) => texts.get(id) !== text);
  if (changed !== undefined) throw new Unexplained(`${reader}: the message of event ${changed.id} is not that event: ${changed.text}`);
}

function checkReplay({ call, outcome }: Replay): void {
  const { outcome: first, procedure, mspid } = call;
  if (first.kind === 'answered' && outcome.kind === 'answered' && Buffer.compare(first.bytes, outcome.bytes) === 0) return;
  const said = outcome.kind === 'refused' ? outcome.message : outcome.kind;
  throw new Unexplained(`${procedure} of ${mspid} sent again with its key was answered otherwise: ${said}`);
}
