import { expect, it } from 'vitest';
import { Reference } from './reference.ts';

const message = (name: string): Buffer => Buffer.from(`\n$${name.padEnd(36, '-')} and more`, 'latin1');
const idOf = (name: string): string => name.padEnd(36, '-');

it('takes what the first follower has, and notices a gap, a repeat and another order', () => {
  const reference = new Reference();
  expect([reference.matches(0, message('a')), reference.matches(1, message('b'))]).toEqual([true, true]);
  expect([reference.matches(0, message('a')), reference.matches(1, message('a')), reference.matches(0, message('b'))]).toEqual([true, false, false]);
  expect(reference.matches(3, message('d'))).toBe(false);
  expect([reference.length, reference.idAt(1), reference.idAt(2)]).toEqual([2, idOf('b'), '']);
  expect([reference.placeOf(idOf('b')), reference.placeOf(idOf('c'))]).toEqual([1, -1]);
});
