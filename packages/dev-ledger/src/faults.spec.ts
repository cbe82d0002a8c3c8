import { expect, it } from 'vitest';
import { Faults } from './faults.ts';

const outcomes = (faults: Faults, count: number): boolean[] => Array.from({ length: count }, () => faults.happens('answer-lost'));

it('happens as often as it was asked for, and where', () => {
  const faults = new Faults();
  faults.next('answer-lost', { count: 2, mspid: 'B' });
  expect([
    faults.happens('answer-lost', 'A'),
    faults.happens('answer-lost', 'B'),
    faults.happens('answer-lost', 'B'),
    faults.happens('answer-lost', 'B'),
  ]).toEqual([false, true, true, false]);
  expect([faults.injected('answer-lost'), faults.injected('status-lost')]).toEqual([2, 0]);
});

it('follows a seeded plan: the same seed, the same faults; another seed, others', () => {
  const run = (seed: number): boolean[] => {
    const faults = new Faults();
    faults.follow({ seed, rates: { 'answer-lost': 0.3 } });
    return outcomes(faults, 200);
  };
  expect(run(1)).toEqual(run(1));
  expect(run(1)).not.toEqual(run(2));
  expect(run(1).filter(Boolean).length).toBeGreaterThan(30);
  expect(run(1).filter(Boolean).length).toBeLessThan(90);
});

it('forgets everything when it is cleared', () => {
  const faults = new Faults();
  faults.follow({ seed: 1, rates: { 'answer-lost': 1 } });
  faults.next('slow-ordering', { delayMs: 5 });
  faults.clear();
  expect([outcomes(faults, 3), faults.delayMs('slow-ordering')]).toEqual([[false, false, false], 0]);
});

it('delays as asked', () => {
  const faults = new Faults();
  faults.next('slow-ordering', { delayMs: 70 });
  expect([faults.delayMs('slow-ordering'), faults.delayMs('slow-ordering')]).toEqual([70, 0]);
});
