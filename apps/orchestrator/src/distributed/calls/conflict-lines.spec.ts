import { expect, test } from 'vitest';
import { ConflictLines } from './conflict-lines.ts';

const patience = { signal: new AbortController().signal, deadlineMs: Number.POSITIVE_INFINITY };
const soon = (): typeof patience => ({ ...patience, deadlineMs: Date.now() + 20 });

test('one at a time is in a line, and lines do not wait for each other', async () => {
  const lines = new ConflictLines(10);
  const turn = await lines.enter(['a', 'b'], patience);
  await expect(lines.enter(['b'], soon())).rejects.toThrow('waited too long for their turn');
  using _other = await lines.enter(['c'], patience);
  const next = lines.enter(['b', 'a'], patience);
  turn[Symbol.dispose]();
  using _next = await next;
});

test('crossing requests do not wait in a circle', async () => {
  const lines = new ConflictLines(100);
  const names = ['a', 'b', 'c'];
  const done = await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const own = [names[index % 3] ?? '', names[(index + 1) % 3] ?? ''];
      using _turn = await lines.enter(own, patience);
      await Promise.resolve();
      return index;
    }),
  );
  expect(done).toHaveLength(30);
});

test('a closed line holds newcomers, until its turn ends', async () => {
  const lines = new ConflictLines(10);
  const turn = await lines.enter(['a'], patience);
  expect(lines.isClosed(['a'])).toBe(false);
  turn.close();
  expect([lines.isClosed(['b', 'a']), lines.isClosed(['b'])]).toEqual([true, false]);
  turn[Symbol.dispose]();
  expect(lines.isClosed(['a'])).toBe(false);
});

test('without a name nothing is waited for', async () => {
  const lines = new ConflictLines(10);
  using _first = await lines.enter([], patience);
  using _second = await lines.enter([], patience);
  expect(lines.isClosed([])).toBe(false);
});
