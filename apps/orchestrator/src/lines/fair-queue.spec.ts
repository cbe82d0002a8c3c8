import { describe, expect, it } from 'vitest';
import { FairQueue } from './fair-queue.ts';

function queueOf(limit: number, ...names: string[]): FairQueue<string> {
  const queue = new FairQueue<string>(limit);
  for (const name of names) queue.add(ownerOf(name), name);
  return queue;
}

const ownerOf = (name: string): string => name.replace(/\d+$/u, '');

function drain(queue: FairQueue<string>): string {
  const order: string[] = [];
  for (let taken = queue.take(); taken !== undefined; taken = queue.take()) order.push(taken.item);
  return order.join(' ');
}

describe('a fair queue', () => {
  it('gives each owner a turn before one gets its second', () => {
    expect(drain(queueOf(10, 'a1', 'a2', 'a3', 'b1', 'c1', 'b2'))).toBe('a1 b1 c1 a2 b2 a3');
  });

  it('lets those wait who may not go, without their losing their place', () => {
    const queue = queueOf(10, 'a1', 'a2', 'b1', 'b2');
    expect(queue.take((owner) => owner !== 'a')).toEqual({ owner: 'b', item: 'b1' });
    expect(queue.take(() => false)).toBeUndefined();
    expect(drain(queue)).toBe('a1 b2 a2');
  });

  it('forgets what was taken out of turn', () => {
    const queue = queueOf(10, 'a1', 'a2', 'b1');
    expect([queue.remove('a', 'a1'), queue.remove('a', 'a1'), queue.remove('c', 'c1')]).toEqual([true, false, false]);
    expect([queue.length, queue.nextOwner, queue.has('a'), queue.has('c')]).toEqual([2, 'a', true, false]);
    expect(drain(queue)).toBe('a2 b1');
    expect([queue.length, queue.nextOwner]).toEqual([0, undefined]);
  });

  it('is full at its limit', () => {
    const queue = queueOf(2, 'a1', 'b1');
    expect(queue.isFull).toBe(true);
    expect(() => queue.add('c', 'c1')).toThrow('a full queue takes nothing');
  });

  it.each([
    ['the last of whoever has most', ['a1', 'b1', 'b2', 'b3'], 'c', 'b3'],
    ['nothing for whoever has most', ['a1', 'b1', 'b2', 'b3'], 'b', undefined],
    ['nothing when all would have less than the newcomer', ['a1', 'b1', 'b2', 'c1'], 'a', undefined],
    ['nothing of those who have one each', ['a1', 'b1'], 'c', undefined],
  ])('finds what has to make room: %s', (_, names, owner, expected) => {
    expect(queueOf(names.length, ...names).findExcess(owner)).toBe(expected);
  });
});
