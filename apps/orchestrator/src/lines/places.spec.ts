import { expect, test } from 'vitest';
import { UnavailableError } from '../errors.ts';
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

/** Enters for an owner, and tells in `order` when it is inside. */
function entering(places: Places, order: string[]) {
  return async (owner: string): Promise<Disposable> => {
    const place = await places.enter({ ...patience(), owner });
    order.push(owner);
    return place;
  };
}

/** Lets everything happen that can happen by now. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('owners that wait are let in in turns', async () => {
  const places = new Places({ ...settings, count: 1, lineLimit: 10 });
  const order: string[] = [];
  const enter = entering(places, order);
  const waiting = ['a', 'a', 'a', 'b', 'c', 'b'].map((owner) => enter(owner).then((place) => place[Symbol.dispose]()));
  await Promise.all(waiting);
  expect(order.join('')).toBe('aabcab');
});

test('in a full line the owner that has most makes room for one that has less', async () => {
  const places = new Places({ ...settings, count: 1, lineLimit: 2 });
  const inside = await places.enter({ ...patience(), owner: 'a' });
  const [first, second] = [places.enter({ ...patience(), owner: 'a' }), places.enter({ ...patience(), owner: 'a' })];
  const other = places.enter({ ...patience(), owner: 'b' });
  await expect(second).rejects.toThrow('too many requests wait at the peer, try again later');
  await expect(places.enter({ ...patience(), owner: 'a' })).rejects.toThrow('too many requests wait at the peer');
  inside[Symbol.dispose]();
  (await first)[Symbol.dispose]();
  (await other)[Symbol.dispose]();
  expect([places.taken, places.waiting]).toEqual([0, 0]);
});

test('an owner that is alone has all places; while another is about, its share', async () => {
  let nowMs = 0;
  const share = { count: 2, memoryMs: 1000 };
  const places = new Places({ ...settings, count: 4, lineLimit: 100, share, now: () => nowMs });
  const order: string[] = [];
  const enter = entering(places, order);
  const crowd = [enter('a'), enter('a'), enter('a'), enter('a'), enter('a'), enter('a'), enter('a')];
  await settled();
  expect(order.join('')).toBe('aaaa');
  // All places are taken: the newcomer gets the first that becomes free, and from then on two are kept from the others.
  const first = enter('b');
  for (const place of crowd.slice(0, 3)) (await place)[Symbol.dispose]();
  await settled();
  expect(order.join('')).toBe('aaaaba');
  (await first)[Symbol.dispose]();
  (await enter('b'))[Symbol.dispose]();
  expect([order.join(''), places.taken]).toEqual(['aaaabab', 2]);
  // Nobody else has come for long; who only makes itself known counts.
  nowMs = 1001;
  places.notice('c');
  const capped = enter('a');
  await settled();
  expect(places.taken).toBe(2);
  nowMs = 2002;
  const late = enter('a');
  (await crowd[3])?.[Symbol.dispose]();
  for (const place of [...crowd.slice(4), capped, late]) (await place)[Symbol.dispose]();
  expect([places.taken, places.waiting]).toEqual([0, 0]);
});
