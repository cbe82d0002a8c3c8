import { peer } from '@hyperledger/fabric-protos';
import { describe, expect, it } from 'vitest';
import { type Candidate, validateBlock } from './mvcc.ts';
import { ReadWriteSetBuilder } from './rwset.ts';
import { readReadWriteSet } from './rwset-reader.ts';
import { TransactionSimulator } from './simulator.ts';
import { StateDb } from './state-db.ts';

const { MVCC_READ_CONFLICT: CONFLICT, PHANTOM_READ_CONFLICT: PHANTOM, VALID, ENDORSEMENT_POLICY_FAILURE } = peer.TxValidationCode;
const NS = 'cc';

/** A state with keys k000 … written by block 1. */
function stateOf(count: number): StateDb {
  const state = new StateDb();
  const set = new ReadWriteSetBuilder();
  for (let index = 0; index < count; index += 1) set.write(NS, keyOf(index), Buffer.from('v'));
  state.apply(validateBlock(state, 1, [candidate(set.build())]).updates);
  return state;
}

const keyOf = (index: number): string => `k${String(index).padStart(3, '0')}`;

function candidate(bytes: Uint8Array, code: number = VALID): Candidate {
  return { code, sets: readReadWriteSet(bytes) };
}

function simulate(state: StateDb, work: (simulator: TransactionSimulator) => void): Candidate {
  const simulator = new TransactionSimulator({ state, history: () => [].values(), transactionId: 't', release: () => undefined });
  work(simulator);
  return candidate(simulator.results().bytes);
}

const put = (key: string) => (simulator: TransactionSimulator) => simulator.write(NS, key, Buffer.from('new'));
const remove = (key: string) => (simulator: TransactionSimulator) => simulator.write(NS, key, undefined);
const readThenPut = (key: string, other: string) => (simulator: TransactionSimulator) => {
  simulator.get(NS, key);
  put(other)(simulator);
};
const scan =
  (start: string, end: string, take = Number.POSITIVE_INFINITY) =>
  (simulator: TransactionSimulator) => {
    const records = simulator.range(NS, { start, end });
    for (let taken = 0; taken < take && records.next() !== undefined; taken += 1);
    put('scanned')(simulator);
  };

type Work = (simulator: TransactionSimulator) => void;

/** The code of the second of two transactions that were simulated on the same state: in one block, and in two. */
function secondCodes(first: Work, second: Work, count = 5): (number | undefined)[] {
  const state = stateOf(count);
  const [a, b] = [simulate(state, first), simulate(state, second)];
  const oneBlock = validateBlock(state, 2, [a, b]).codes[1];
  state.apply(validateBlock(state, 2, [a]).updates);
  return [oneBlock, validateBlock(state, 3, [b]).codes[0]];
}

describe('reads', () => {
  it.each<[string, Work, Work, [number, number]]>([
    ['a key that was written', put('k001'), readThenPut('k001', 'x'), [CONFLICT, CONFLICT]],
    ['a key that was deleted', remove('k001'), readThenPut('k001', 'x'), [CONFLICT, CONFLICT]],
    ['a missing key that came to be', put('x1'), readThenPut('x1', 'x'), [CONFLICT, CONFLICT]],
    ['a missing key that was deleted', remove('x1'), readThenPut('x1', 'x'), [CONFLICT, VALID]],
    ['another key', put('k002'), readThenPut('k001', 'x'), [VALID, VALID]],
    ['nothing', put('k001'), put('k001'), [VALID, VALID]],
  ])('of %s', (_name, first, second, [inOneBlock, inTwo]) => {
    expect(secondCodes(first, second)).toEqual([inOneBlock, inTwo]);
  });
});

describe('ranges', () => {
  it.each<[string, Work, Work, number]>([
    ['insertion', put('k001x'), scan('k', 'l'), PHANTOM],
    ['insertion after the last record', put('k9'), scan('k', 'l'), PHANTOM],
    ['insertion at the end key', put('l'), scan('k', 'l'), VALID],
    ['update', put('k001'), scan('k', 'l'), PHANTOM],
    ['deletion', remove('k001'), scan('k', 'l'), PHANTOM],
    ['deletion of a missing key', remove('k001x'), scan('k', 'l'), VALID],
    ['insertion into an empty range', put('m1'), scan('m', 'n'), PHANTOM],
    ['insertion beyond what was fetched', put('k003'), scan('k', 'l', 2), VALID],
    ['insertion within what was fetched', put('k000x'), scan('k', 'l', 2), PHANTOM],
  ])('%s', (_name, first, second, code) => {
    expect(secondCodes(first, second)).toEqual([code, code]);
  });

  it.each([0, 49, 50, 51, 102, 151, 199])('of 200 records, hashed: an update of record %i', (index) => {
    expect(secondCodes(put(keyOf(index)), scan('k', 'l'), 200)).toEqual([PHANTOM, PHANTOM]);
  });

  it('of 3,000 records, hashed twice over: an update outside', () => {
    expect(secondCodes(put('z'), scan('k', 'l'), 3_000)).toEqual([VALID, VALID]);
  });
});

it('prefers the conflict of a read to that of a range', () => {
  const state = stateOf(3);
  const both = simulate(state, (simulator) => {
    scan('k', 'l')(simulator);
    simulator.get(NS, 'k001');
  });
  expect(validateBlock(state, 2, [simulate(state, put('k001')), both]).codes).toEqual([VALID, CONFLICT]);
});

it('lets only valid transactions count', () => {
  const state = stateOf(3);
  const refused = { ...simulate(state, put('k001')), code: ENDORSEMENT_POLICY_FAILURE };
  const stale = simulate(state, readThenPut('k000', 'k002'));
  const codes = validateBlock(state, 2, [refused, simulate(state, put('k000')), stale, simulate(state, readThenPut('k002', 'k001'))]).codes;
  expect(codes).toEqual([ENDORSEMENT_POLICY_FAILURE, VALID, CONFLICT, VALID]);
});

it('keeps the metadata of a key that is written, and drops that of a missing one', () => {
  const state = stateOf(1);
  const policy = new Map([['VALIDATION_PARAMETER', Buffer.from('p')]]);
  const mark = simulate(state, (simulator) => {
    simulator.writeMetadata(NS, 'k000', policy);
    simulator.writeMetadata(NS, 'missing', policy);
  });
  state.apply(validateBlock(state, 2, [mark, simulate(state, put('k000'))]).updates);
  const entry = state.get(NS, 'k000');
  expect([entry?.version, entry?.metadata?.size, Buffer.from(entry?.value ?? []).toString()]).toEqual([
    { block: 2, transaction: 1 },
    1,
    'new',
  ]);
  expect(state.get(NS, 'missing')).toBeUndefined();
});
