import { expect, it } from 'vitest';
import { describeFault, FAULT_KINDS, makePlan } from './plan.ts';

it('is the same for the same seed, and another for another', () => {
  expect(makePlan(7, 100)).toEqual(makePlan(7, 100));
  expect(makePlan(8, 100)).not.toEqual(makePlan(7, 100));
});

it('begins as a longer one of the same seed does', () => {
  expect(makePlan(7, 100).slice(0, 40)).toEqual(makePlan(7, 40));
});

it('holds every kind of fault among each 30, at both servers', () => {
  const plan = makePlan(1, 300);
  for (let from = 0; from < 300; from += 30) {
    const faults = plan.slice(from, from + 30);
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(FAULT_KINDS));
    expect(new Set(faults.map(({ replica }) => replica))).toEqual(new Set([0, 1]));
  }
});

it('is told in lines', () => {
  const [fault] = makePlan(1, 1);
  if (fault === undefined) throw new Error('no fault');
  expect(describeFault(fault, 0)).toContain(`1. ${fault.kind} (server ${fault.replica}, after ${fault.callsBefore} calls`);
});
