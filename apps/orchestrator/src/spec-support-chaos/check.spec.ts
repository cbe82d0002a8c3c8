import { type Event, eventToJson, Event as EventMessage } from '@orchestrator/lib';
import { type ConcurrentHistory, playSharedWork, type RecordedCall } from '@orchestrator/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ChannelRecord, checkChannel, type QueuedMessage } from './check.ts';

let history: ConcurrentHistory;
let right: ChannelRecord;

const READER = 'a follower';
const QUEUE = 'MyOrg1MSP';

beforeAll(async () => {
  history = await playSharedWork(11);
  right = recordOf(history.events, history.calls);
});

/** What is seen when everything goes well. */
function recordOf(events: readonly Event[], calls: readonly RecordedCall[]): ChannelRecord {
  const middle = Math.floor(events.length / 2);
  const replayed = calls.filter(({ outcome, procedure }) => outcome.kind === 'answered' && procedure.includes('/Register')).slice(0, 5);
  return {
    channel: history.channel,
    calls,
    events,
    readings: [{ reader: READER, events }],
    resumed: [{ reader: 'a late follower', afterId: events[middle]?.id ?? '', events: events.slice(middle + 1) }],
    queues: new Map([[QUEUE, events.map(messageOf)]]),
    replays: replayed.map((call) => ({ call, outcome: call.outcome })),
  };
}

function messageOf(event: Event): QueuedMessage {
  return { id: event.id, text: eventToJson(EventMessage.encode(event).finish()).text };
}

/** The answered registration of several tasks, and its events. */
function batch(): { readonly call: RecordedCall; readonly events: readonly Event[] } {
  for (const call of history.calls) {
    if (call.outcome.kind !== 'answered' || !call.procedure.endsWith('/RegisterTasks')) continue;
    const keys = new Set((call.request as { readonly tasks: readonly { readonly key: string }[] }).tasks.map(({ key }) => key));
    const events = history.events.filter(({ assetKey, eventKind }) => keys.has(assetKey) && eventKind === 1);
    if (events.length > 1) return { call, events };
  }
  throw new Error('no batch');
}

/** The store and all readers without some events: as if what made them had never been. */
function withoutEvents(gone: readonly Event[], calls = history.calls): ChannelRecord {
  return recordOf(history.events.filter((event) => !gone.includes(event)), calls);
}

function swapped<T>(items: readonly T[], at: number): readonly T[] {
  const [a, b] = [items[at], items[at + 1]];
  return a === undefined || b === undefined ? items : items.toSpliced(at, 2, b, a);
}

function last(): readonly Event[] {
  const instant = history.events.at(-1)?.timestamp;
  return history.events.filter(({ timestamp }) => timestamp?.seconds === instant?.seconds && timestamp?.nanos === instant?.nanos);
}

/** The answered call that made the last events. */
function lastCall(): RecordedCall {
  const call = history.calls.findLast(({ outcome, procedure }) => outcome.kind === 'answered' && !/\/(?:Get|Is)/u.test(procedure));
  if (call === undefined) throw new Error('no call');
  return call;
}

describe('a record of a channel', () => {
  it('in which all is right is found right', () => {
    const { transactions, events, messages, repeatedMessages, replays } = checkChannel(right);
    expect(transactions).toBeGreaterThan(50);
    expect([messages, repeatedMessages, replays]).toEqual([events, 0, 5]);
  });

  it('may have messages that come again', () => {
    const messages = history.events.map(messageOf);
    const queues = new Map([[QUEUE, [...messages.slice(0, 20), ...messages.slice(10)]]]);
    expect(checkChannel({ ...right, queues }).repeatedMessages).toBe(10);
  });

  it('may lack a call that nobody heard of, or have it', () => {
    const call = lastCall();
    const unheard: RecordedCall = { ...call, heardAt: Infinity, outcome: { kind: 'unknown' } };
    const calls = history.calls.map((each) => (each === call ? unheard : each));
    expect(checkChannel(recordOf(history.events, calls)).unheardCommitted).toBe(1);
  });

  it.each<readonly [string, RegExp, () => ChannelRecord]>([
    ['an acknowledged write is lost', /an answered call is not in the event log/u, () => {
      const isRead = ({ sentAt, procedure }: RecordedCall): boolean => sentAt > lastCall().sentAt && /\/(?:Get|Is)/u.test(procedure);
      return withoutEvents(last(), history.calls.filter((call) => !isRead(call)));
    }],
    ['a write was applied twice', /no call explains transaction/u, () => {
      const again = last().map((event, index) => ({ ...event, id: `again-${index}`, timestamp: { seconds: 4_000_000_000n, nanos: 0 } }));
      return recordOf([...history.events, ...again], history.calls);
    }],
    ['a request was half applied', /no call explains transaction/u, () => withoutEvents(batch().events.slice(1))],
    ['a request that nobody heard of was half applied', /no call explains transaction/u, () => {
      const { call, events } = batch();
      const unheard: RecordedCall = { ...call, heardAt: Infinity, outcome: { kind: 'unknown' } };
      return withoutEvents(events.slice(0, 1), history.calls.map((each) => (each === call ? unheard : each)));
    }],
    ['two transactions changed places', /earlier than the one before/u, () => recordOf([...history.events.slice(1, 2), ...history.events.slice(0, 1), ...history.events.slice(2)], history.calls)],
    ['a stored asset is not what the log says', /at no moment/u, () => {
      const { call, events } = batch();
      const read: RecordedCall = {
        ...call,
        procedure: 'ComputeTaskService/GetTask',
        request: { key: events[0]?.assetKey },
        sentAt: 10_000,
        heardAt: 10_001,
        outcome: { kind: 'refused', code: 5, message: 'OE0002: none' },
      };
      return recordOf(history.events, [...history.calls, read]);
    }],
    ['a follower missed an event', /a follower: event \S+, number 7, is missing/u, () => ({ ...right, readings: [{ reader: READER, events: history.events.toSpliced(7, 1) }] })],
    ['a follower got an event twice', /a follower: event \S+ comes twice/u, () => ({ ...right, readings: [{ reader: READER, events: [...history.events.slice(0, 8), ...history.events.slice(7)] }] })],
    ['a follower got two events in another order', /a follower: event \S+ stands in the place of/u, () => ({ ...right, readings: [{ reader: READER, events: swapped(history.events, 7) }] })],
    ['a follower got an event that nobody else knows', /is not in the log/u, () => ({ ...right, readings: [{ reader: READER, events: [...history.events, ...last().map((event) => ({ ...event, id: 'strange' }))] }] })],
    ['a follower was told something else', /is not what others were told/u, () => ({ ...right, readings: [{ reader: READER, events: history.events.map((event, index) => (index === 7 ? { ...event, assetKey: 'other' } : event)) }] })],
    ['a resumed stream begins too late', /a late follower: event \S+, number 0, is missing/u, () => ({ ...right, resumed: right.resumed.map((each) => ({ ...each, events: each.events.slice(1) })) })],
    ['a queue lacks an event', /the queue MyOrg1MSP: event \S+, number 7, is missing/u, () => ({ ...right, queues: new Map([[QUEUE, history.events.map(messageOf).toSpliced(7, 1)]]) })],
    ['a queue has two events in another order', /the queue MyOrg1MSP: event \S+ stands in the place of/u, () => ({ ...right, queues: new Map([[QUEUE, swapped(history.events.map(messageOf), 7)]]) })],
    ['a message is not its event', /the message of event \S+ is not that event/u, () => ({ ...right, queues: new Map([[QUEUE, history.events.map(messageOf).map((each, index) => (index === 7 ? { ...each, text: '{}' } : each))]]) })],
    ['a replay is answered otherwise', /sent again with its key was answered otherwise: OE0006/u, () => ({ ...right, replays: right.replays.map(({ call }) => ({ call, outcome: { kind: 'refused', code: 6, message: 'OE0006: x' } })) })],
    ['a replay has another answer', /sent again with its key was answered otherwise/u, () => ({ ...right, replays: right.replays.map(({ call }) => ({ call, outcome: { kind: 'answered', bytes: Uint8Array.of(1) } })) })],
  ])('is not found right when %s', (_, message, broken) => {
    expect(() => checkChannel(broken())).toThrow(message);
  });
});
