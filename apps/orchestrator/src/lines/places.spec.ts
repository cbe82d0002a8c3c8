import { expect, test } from 'vitest';
import { UnavailableError } from '../../errors.ts';
import { type Patience, Places } from './places.ts';

const settings = { count: 2, lineLimit: 2, where: 'at the peer' };

function patience(timeoutMs = 10_000): Patience & { readonly abort: () => void } {
  const controller = new AbortController();
  return { signal: controller.signal, deadlineMs: Date.now() + timeoutMs, abort: () => controller.abort() };
}

test('so many are inside at once, and the others follow in their order', async () => {
  const places = new Places(settings);
  const first = await places.enter(patience());
  const second = await places.enter(patience());
  const order: number[] = [];
  const waiting = [1, 2].map(async (name) => {
    const place = await places.enter(patience());
    order.push(name);
    return place;
  });
  expect([places.taken, places.waiting]).toEqual([2, 2]);
  first[Symbol.dispose]();
  // A place is given back once.
  first[Symbol.dispose]();
  await waiting[0];
  expect(order).toEqual([1]);
  second[Symbol.dispose]();
  for (const place of await Promise.all(waiting)) place[Symbol.dispose]();
  expect(order).toEqual([1, 2]);
  expect([places.taken, places.waiting]).toEqual([0, 0]);
});

test('a full line refuses at once', async () => {
  const places = new Places({ ...settings, count: 1, lineLimit: 1 });
  using _inside = await places.enter(patience());
  const waiting = patience();
  const waits = places.enter(waiting);
  await expect(places.enter(patience())).rejects.toThrow(new UnavailableError('too many requests wait at the peer, try again later'));
  waiting.abort();
  await expect(waits).rejects.toThrow('the caller has gone');
});

test('whoever goes or waits too long leaves the line', async () => {
  const places = new Places({ ...settings, count: 1 });
  const inside = await places.enter(patience());
  const gone = patience();
  gone.abort();
  await expect(places.enter(gone)).rejects.toThrow('the caller has gone');
  await expect(places.enter(patience(5))).rejects.toThrow('the request waited too long at the peer');
  expect(places.waiting).toBe(0);
  inside[Symbol.dispose]();
  expect(places.taken).toBe(0);
});
