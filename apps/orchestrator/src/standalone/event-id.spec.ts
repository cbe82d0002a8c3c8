import { expect, it } from 'vitest';
import { newEventId } from './event-id.ts';

const VERSION_7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;
/** The ids of an instant: more than one pool of random digits has. */
const IDS = 2000;
const instants = [1_790_000_000_000_000n, 1_790_000_000_001_000n, 0n];

it('is a UUID of version 7 that begins with its time, whichever came before', () => {
  for (const instant of [...instants, ...instants]) {
    const id = newEventId(instant);
    expect(id).toMatch(VERSION_7);
    expect(BigInt(`0x${id.slice(0, 13).replace('-', '')}`)).toBe(instant / 1000n);
  }
});

it('is another one each time, with digits of all kinds at every random place', () => {
  const ids = instants.flatMap((instant) => Array.from({ length: IDS }, () => newEventId(instant)));
  expect(new Set(ids).size).toBe(ids.length);
  const kinds = (place: number) => new Set(ids.map((id) => id[place])).size;
  const places = [15, 16, 17, 20, 21, 22, ...Array.from({ length: 12 }, (_, index) => 24 + index)];
  expect(places.map(kinds)).toEqual(places.map(() => 16));
  expect(kinds(19)).toBe(4);
});
