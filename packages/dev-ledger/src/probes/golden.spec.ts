import { describe, expect, it } from 'vitest';
import { differencesOf, readGolden } from './golden.ts';
import { normaliser } from './normalise.ts';
import { sections } from './sections/index.ts';

describe('the probes', () => {
  it('are those of golden.json, section by section', () => {
    const recorded = [...readGolden()].map(([id, { section, what }]) => ({ id, section, what }));
    const coded = sections.flatMap(({ name, probes }) => probes.map(({ id, what }) => ({ id, section: name, what })));
    const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);
    expect(coded.toSorted(byId)).toEqual(recorded.toSorted(byId));
  });
});

describe('differences', () => {
  it('are found where they are', () => {
    expect(differencesOf({ a: [1, { b: 'x' }], c: null }, { a: [1, { b: 'y' }], c: null, d: true })).toEqual([
      { path: 'a.1.b', expected: 'x', actual: 'y' },
      { path: 'd', expected: undefined, actual: true },
    ]);
    expect(differencesOf([1], [1, 2])).toEqual([{ path: '', expected: [1], actual: [1, 2] }]);
  });

  it('are not where two runs of a real network differed', () => {
    expect(differencesOf({ a: '<unstable>' }, { a: { any: 'thing' } })).toEqual([]);
  });
});

it('names what differs from run to run', () => {
  const normalise = normaliser(new Map([['127.0.0.1:7051', '<peer1>']]));
  const id = 'ab'.repeat(32);
  expect(normalise(`dial 127.0.0.1:7051 and 127.0.0.1:40000: ${id} of cc_1:${id} at 2026-11-21T10:00:00.5Z`)).toBe(
    'dial <peer1> and 127.0.0.1:<port>: <hex64> of <cc package id> at <time>',
  );
});
