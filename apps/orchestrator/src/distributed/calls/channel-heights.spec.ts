import { expect, test } from 'vitest';
import { CallBudget } from './call-budget.ts';
import { ChannelHeights } from './channel-heights.ts';

const budget = new CallBudget({ signal: new AbortController().signal, deadlineMs: Number.POSITIVE_INFINITY, timeoutMs: 5000 });
const caller = (mspid: string, channel = 'c1') => ({ channel, mspid, budget });

/** A peer that has what it is asked for when it is told so. */
function peer() {
  const asked: string[] = [];
  let arrive: (() => void) | undefined;
  const answer = (transactionId: string): Promise<void> => {
    asked.push(transactionId);
    return new Promise((resolve) => (arrive = resolve));
  };
  return { asked, answer, arrive: () => arrive?.() };
}

test('a peer that told of the transaction, and one of another channel, need not be asked', async () => {
  const [heights, other] = [new ChannelHeights(), peer()];
  await heights.caughtUp(caller('O2'), other.answer);
  heights.committed('c1', 'O1', { blockNumber: 5n, transactionId: 't5' });
  await heights.caughtUp(caller('O1'), other.answer);
  await heights.caughtUp(caller('O2', 'c2'), other.answer);
  expect(other.asked).toEqual([]);
});

test('another peer is asked once for the newest, however many wait, and not again', async () => {
  const [heights, other] = [new ChannelHeights(), peer()];
  heights.committed('c1', 'O1', { blockNumber: 6n, transactionId: 't6' });
  heights.committed('c1', 'O1', { blockNumber: 5n, transactionId: 't5' });
  const waits = [1, 2, 3].map(() => heights.caughtUp(caller('O2'), other.answer));
  let isOver = false;
  void Promise.all(waits).then(() => (isOver = true));
  await Promise.resolve();
  expect([isOver, other.asked]).toEqual([false, ['t6']]);
  other.arrive();
  await Promise.all(waits);
  await heights.caughtUp(caller('O2'), other.answer);
  expect(other.asked).toEqual(['t6']);
});

test('a peer that does not say is asked again by the next call', async () => {
  const heights = new ChannelHeights();
  let asked = 0;
  const silent = (): Promise<void> => {
    asked += 1;
    return Promise.reject(new Error('deadline'));
  };
  heights.committed('c1', 'O1', { blockNumber: 5n, transactionId: 't5' });
  await heights.caughtUp(caller('O2'), silent);
  await heights.caughtUp(caller('O2'), silent);
  expect(asked).toBe(2);
});
