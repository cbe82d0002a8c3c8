import type { Event } from '@orchestrator/lib';
import { beforeAll, describe, expect, it } from 'vitest';
import { explainHistory } from './explain-history.ts';
import { playSharedWork } from './play-shared-work.ts';
import type { ConcurrentHistory, RecordedCall } from './recorded-call.ts';

let history: ConcurrentHistory;

beforeAll(async () => {
  history = await playSharedWork(7);
});

/** The answered call that satisfies a condition, and those without it. */
function without(condition: (call: RecordedCall) => boolean): { readonly call: RecordedCall; readonly others: readonly RecordedCall[] } {
  const call = history.calls.find((each) => each.outcome.kind === 'answered' && condition(each));
  if (call === undefined) throw new Error('there is no such call');
  return { call, others: history.calls.filter((each) => each !== call) };
}

const isRegistration = ({ procedure }: RecordedCall): boolean => procedure.endsWith('/RegisterTasks');

/** The events of the first registration of tasks, as they stand in the log. */
function firstTransaction(): { readonly at: number; readonly events: readonly Event[] } {
  const at = history.events.findIndex(({ asset }) => asset?.$case === 'computeTask');
  const id = history.transactionOf(history.events[at]?.id ?? '');
  return { at, events: history.events.filter((event) => history.transactionOf(event.id) === id) };
}

describe('a history of many clients', () => {
  it('is explained when all of it is right, and has something of everything', () => {
    const { transactions, answered, refused, reads } = explainHistory(history);
    expect([transactions, answered]).toEqual([answered, transactions]);
    expect(Math.min(transactions / 5, refused, reads)).toBeGreaterThan(10);
    const methods = new Set(history.calls.filter(({ outcome }) => outcome.kind === 'answered').map(({ procedure }) => procedure));
    expect(methods.size).toBeGreaterThan(12);
  });

  it('is explained when a call was carried out and nobody heard, or nobody heard and it was not', () => {
    const { call, others } = without(isRegistration);
    const unheard: RecordedCall = { ...call, heardAt: Infinity, outcome: { kind: 'unknown' } };
    expect(explainHistory({ ...history, calls: [...others, unheard] }).unheardCommitted).toBe(1);
    const absent: RecordedCall = { ...unheard, request: { key: '00000000-0000-4000-8000-000000000000', name: 'x' }, procedure: 'ComputePlanService/UpdatePlan' };
    expect(explainHistory({ ...history, calls: [...history.calls, absent] }).unheardAbsent).toBe(1);
  });

  it('is explained when a refused call was carried out by an attempt that was left open, and by no other', () => {
    const { call, others } = without(isRegistration);
    const early: RecordedCall = { ...call, sentAt: -2, heardAt: -1, outcome: { kind: 'refused', code: 5, message: 'OE0002: none' } };
    expect(explainHistory({ ...history, calls: [...others, { ...early, hasOpenAttempt: true }] }).refusedCommitted).toBe(1);
    expect(() => explainHistory({ ...history, calls: [...others, early] })).toThrow(/no call explains/u);
  });

  it('is explained when another peer shows a write late, but not when all servers share a store', () => {
    const { call } = without(({ procedure }) => procedure.endsWith('/RegisterPlan'));
    const late: RecordedCall = {
      ...call,
      mspid: call.mspid === 'MyOrg1MSP' ? 'MyOrg2MSP' : 'MyOrg1MSP',
      procedure: 'ComputePlanService/GetPlan',
      request: { key: (call.request as { readonly key: string }).key },
      sentAt: call.heardAt + 0.1,
      heardAt: call.heardAt + 0.2,
      outcome: { kind: 'refused', code: 5, message: 'OE0002: none' },
    };
    const calls = [...history.calls, late];
    expect(explainHistory({ ...history, calls }).reads).toBe(explainHistory(history).reads + 1);
    expect(() => explainHistory({ ...history, calls, visibleAt: 'every-server' })).toThrow(/at no moment/u);
  });

  it.each<readonly [string, RegExp, () => Partial<ConcurrentHistory>]>([
    ['nobody made a call of', /no call explains/u, () => ({ calls: without(isRegistration).others })],
    ['an event is missing of', /no call explains/u, () => ({ events: history.events.toSpliced(firstTransaction().at, 1) })],
    ['an event comes twice in', /comes twice/u, () => ({ events: [...history.events, ...history.events.slice(-1)] })],
    ['a transaction came twice in', /no call explains/u, () => {
      const again = firstTransaction().events.map((event, index) => ({ ...event, id: `ffffffff-${index}` }));
      return { events: [...history.events, ...again] };
    }],
    ['an answered call is missing in', /not in the event log/u, () => ({ events: history.events.slice(0, -1).filter((event) => event.id.slice(0, 8) !== history.events.at(-1)?.id.slice(0, 8)) })],
    ['a refused call was carried out in', /no call explains/u, () => {
      const { call, others } = without(isRegistration);
      return { calls: [...others, { ...call, outcome: { kind: 'refused', code: 9, message: 'OE0003: no' } }] };
    }],
    ['an answer is wrong in', /was answered/u, () => {
      const { call, others } = without(({ procedure }) => procedure.endsWith('/RegisterPlan'));
      return { calls: [...others, { ...call, outcome: { kind: 'answered', bytes: new Uint8Array() } }] };
    }],
    ['a read is stale in', /at no moment/u, () => {
      const { call } = without(({ procedure }) => procedure.endsWith('/GetTask'));
      const late: RecordedCall = { ...call, sentAt: 10_000, heardAt: 10_001, outcome: { kind: 'refused', code: 5, message: 'OE0002: none' } };
      return { calls: [...history.calls, late] };
    }],
    ['a refusal has no reason in', /at no moment/u, () => {
      const { call } = without(({ procedure }) => procedure.endsWith('/UpdatePlan'));
      const late: RecordedCall = { ...call, sentAt: 10_000, heardAt: 10_001, outcome: { kind: 'refused', code: 13, message: 'OE0007: x' } };
      return { calls: [...history.calls, late] };
    }],
    ['time goes backwards in', /stands before/u, () => ({ calls: history.calls.map((call) => ({ ...call, sentAt: 10_000 - call.heardAt, heardAt: 10_000 - call.sentAt })) })],
  ])('is not explained when %s it', (_, message, change) => {
    expect(() => explainHistory({ ...history, ...change() })).toThrow(message);
  });
});
