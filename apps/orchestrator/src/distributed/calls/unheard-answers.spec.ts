import { procedures } from '@orchestrator/lib';
import { afterEach, expect, test, vi } from 'vitest';
import type { LedgerCall } from './ledger-call.ts';
import { UnheardAnswers } from './unheard-answers.ts';

const row = procedures.find(({ method }) => method === 'UpdatePlan');

function call(name: string, caller: Partial<LedgerCall['caller']> = {}): LedgerCall {
  if (row === undefined) throw new Error('no procedure');
  return {
    procedure: row,
    request: row.request.fromPartial({ key: 'k', name }),
    caller: { channel: 'c1', mspid: 'O1', requestId: 'r', ...caller },
    signal: new AbortController().signal,
    deadlineMs: Number.POSITIVE_INFINITY,
    chaincode: 'cc',
  };
}

const unheard = (transactionId: string, bytes = 1) => ({ transactionId, answer: new Uint8Array(bytes) });

afterEach(() => vi.useRealTimers());

test('the same request of the same organization in the same channel finds its answers, until one was heard', () => {
  const answers = new UnheardAnswers();
  answers.remember(call('n'), unheard('t1'));
  answers.remember(call('n', { requestId: 'another' }), unheard('t2'));
  expect(answers.find(call('n')).map(({ transactionId }) => transactionId)).toEqual(['t1', 't2']);
  for (const other of [call('m'), call('n', { mspid: 'O2' }), call('n', { channel: 'c2' }), { ...call('n'), chaincode: 'other' }]) {
    expect(answers.find(other)).toEqual([]);
  }
  answers.forget(call('n'));
  expect(answers.find(call('n'))).toEqual([]);
  expect(answers.size).toBe(0);
});

test('requests with an idempotency key are left to the chaincode', () => {
  const answers = new UnheardAnswers();
  answers.remember(call('n', { idempotencyKey: 'key' }), unheard('t1'));
  expect(answers.size).toBe(0);
});

test('nothing is kept for ever', () => {
  vi.useFakeTimers();
  const answers = new UnheardAnswers();
  answers.remember(call('n'), unheard('t1'));
  vi.advanceTimersByTime(601_000);
  expect(answers.find(call('n'))).toEqual([]);
  for (const name of ['a', 'b', 'c']) answers.remember(call(name), unheard(name, 30_000_000));
  expect(['a', 'b', 'c'].map((name) => answers.find(call(name)).length)).toEqual([0, 1, 1]);
});
