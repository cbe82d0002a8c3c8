import { ledger } from '@hyperledger/fabric-protos';
import { expect, it } from 'vitest';
import { validateBlock } from './mvcc.ts';
import { ReadWriteSetBuilder } from './rwset.ts';
import { readReadWriteSet } from './rwset-reader.ts';
import { TransactionSimulator } from './simulator.ts';
import { StateDb } from './state-db.ts';

function open(keys: readonly string[] = []): TransactionSimulator {
  const state = new StateDb();
  const set = new ReadWriteSetBuilder();
  for (const key of keys) set.write('cc', key, Buffer.from(key));
  state.apply(validateBlock(state, 1, [{ code: 0, sets: readReadWriteSet(set.build()) }]).updates);
  return new TransactionSimulator({ state, history: () => [].values(), transactionId: 't1', release: () => undefined });
}

it('never sees its own writes', () => {
  const simulator = open(['a']);
  simulator.write('cc', 'a', Buffer.from('new'));
  simulator.write('cc', 'b', Buffer.from('new'));
  expect(Buffer.from(simulator.get('cc', 'a') ?? []).toString()).toBe('a');
  expect(simulator.get('cc', 'b')).toBeUndefined();
  const records = simulator.range('cc', { start: 'a', end: 'z' });
  expect([records.next()?.key, records.next()]).toEqual(['a', undefined]);
});

it('writes down what Fabric would: sorted, the last write of a key, an empty value as a deletion', () => {
  const simulator = open(['a', 'é']);
  for (const [key, value] of [
    ['z', '1'],
    ['é', ''],
    ['b', 'first'],
    ['b', 'last'],
  ] as const)
    simulator.write('cc', key, Buffer.from(value));
  simulator.get('cc', 'missing');
  simulator.get('cc', 'a');
  const [set] = readReadWriteSet(simulator.results().bytes);
  expect(set?.writes.map(({ key, value }) => [key, value && Buffer.from(value).toString()])).toEqual([
    ['b', 'last'],
    ['z', '1'],
    ['é', undefined],
  ]);
  expect(set?.reads).toEqual([
    { key: 'a', version: { block: 1, transaction: 0 } },
    { key: 'missing', version: undefined },
  ]);
});

it('hashes the reads of a range from 51 on', () => {
  const infoOf = (count: number): ledger.rwset.kvrwset.RangeQueryInfo | undefined => {
    const simulator = open(Array.from({ length: count }, (_, index) => `k${String(index).padStart(3, '0')}`));
    const records = simulator.range('cc', { start: '', end: '' });
    while (records.next() !== undefined);
    const bytes = ledger.rwset.TxReadWriteSet.deserializeBinary(simulator.results().bytes).getNsRwsetList()[0]?.getRwset_asU8();
    return ledger.rwset.kvrwset.KVRWSet.deserializeBinary(bytes ?? new Uint8Array()).getRangeQueriesInfoList()[0];
  };
  expect(infoOf(50)?.getRawReads()?.getKvReadsList().length).toBe(50);
  const hashed = infoOf(103)?.getReadsMerkleHashes();
  expect([hashed?.getMaxDegree(), hashed?.getMaxLevel(), hashed?.getMaxLevelHashesList().length]).toEqual([50, 1, 3]);
  expect(
    infoOf(51 * 51)
      ?.getReadsMerkleHashes()
      ?.getMaxLevel(),
  ).toBe(2);
});

it('refuses to write after a page, and to page after a write', () => {
  const simulator = open();
  simulator.page('cc', { start: 'a', end: 'b' });
  expect(() => simulator.write('cc', 'a', undefined)).toThrow(
    'txid [t1]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed',
  );
  const writer = open();
  writer.write('cc', 'a', Buffer.from('x'));
  expect(() => writer.page('cc', { start: 'a', end: 'b' })).toThrow('Paginated queries are supported only in a read-only transaction');
});

it('is over once it is done', () => {
  const simulator = open(['a']);
  simulator.done();
  expect(() => simulator.get('cc', 'a')).toThrow('this instance should not be used after calling Done()');
});
