import { CommitError } from '@hyperledger/fabric-gateway';
import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';

async function put(kit: ProbeKit, key: string, value = '1'): Promise<void> {
  await kit.submit('put', key, value);
}

/** Conflicts of reads with what is committed meanwhile. */
export const mvcc: readonly Probe[] = [
  probe('mvcc.rmwSameBlock', 'two read-modify-writes of one existing key in one block', (kit) =>
    kit.sameBlock(async () => {
      const q = kit.fresh('ms');
      await put(kit, q, '5');
      return [await kit.prepare('rmw', [q]), await kit.prepare('rmw', [q])];
    }),
  ),
  probe('mvcc.rmwSameBlockMissing', 'the same on a key that does not exist', (kit) =>
    kit.sameBlock(async () => {
      const q = kit.fresh('mm');
      return [await kit.prepare('rmw', [q]), await kit.prepare('rmw', [q])];
    }),
  ),
  probe('mvcc.rmwTwoBlocks', 'the same in two blocks', (kit) =>
    kit.twoBlocks(async () => {
      const q = kit.fresh('mt');
      await put(kit, q, '5');
      return [await kit.prepare('rmw', [q]), await kit.prepare('rmw', [q])];
    }),
  ),
  probe('mvcc.commitErrorText', 'submitTransaction that loses: the CommitError', async (kit) => {
    for (let i = 0; i < 10; i++) {
      const q = kit.fresh('mc');
      const r = await Promise.allSettled([kit.contract.submitTransaction('rmw', q), kit.contract.submitTransaction('rmw', q), kit.contract.submitTransaction('rmw', q)]);
      const lost = r.find((one) => one.status === 'rejected')?.reason as object | undefined;
      if (lost instanceof CommitError) return { ...kit.errorOf(lost), keys: Object.keys(lost).toSorted() };
    }
    return 'never';
  }),
  probe('mvcc.differentKeysSameBlock', 'two transactions on different keys in one block', (kit) =>
    kit.sameBlock(async () => [await kit.prepare('rmw', [kit.fresh('mk')]), await kit.prepare('rmw', [kit.fresh('mk')])]),
  ),
  probe('mvcc.blindPutsSameBlock', 'two puts without reads of one key in one block; the value that stays', async (kit) => {
    let q = '';
    const r = await kit.sameBlock(async () => {
      q = kit.fresh('mb');
      return [await kit.prepare('put', [q, 'first']), await kit.prepare('put', [q, 'second'])];
    });
    return [r, await kit.evaluate('getRaw', q)];
  }),
  probe('mvcc.readOfKeyWrittenEarlierInBlock', 'tx1 puts key, tx2 reads that key and puts another, one block', (kit) =>
    kit.sameBlock(async () => {
      const q = kit.fresh('mr');
      await put(kit, q);
      return [await kit.prepare('put', [q, '2']), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
  ),
  probe('mvcc.readBeforeWriteInBlock', 'tx1 reads key, tx2 puts that key, one block (reader first)', (kit) =>
    kit.sameBlock(async () => {
      const q = kit.fresh('mq');
      await put(kit, q);
      return [await kit.prepare('getPut', [q, kit.fresh('mo')]), await kit.prepare('put', [q, '2'])];
    }),
  ),
  probe('mvcc.sameValueWritten', 'the write repeats the same value; the reader still conflicts?', (kit) =>
    kit.twoBlocks(async () => {
      const q = kit.fresh('mv');
      await put(kit, q, '1');
      return [await kit.prepare('put', [q, '1']), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
  ),
  probe('mvcc.deleteVsGet', 'delete of a key, then a reader of it', async (kit) => ({
    twoBlocks: await kit.twoBlocks(async () => {
      const q = kit.fresh('md');
      await put(kit, q);
      return [await kit.prepare('del', [q]), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
    oneBlock: await kit.sameBlock(async () => {
      const q = kit.fresh('me');
      await put(kit, q);
      return [await kit.prepare('del', [q]), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
  })),
  probe('mvcc.deleteMissingVsGet', 'delete of a missing key, then a reader that saw it missing', async (kit) => ({
    twoBlocks: await kit.twoBlocks(async () => {
      const q = kit.fresh('mf');
      return [await kit.prepare('del', [q]), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
    oneBlock: await kit.sameBlock(async () => {
      const q = kit.fresh('mg');
      return [await kit.prepare('del', [q]), await kit.prepare('getPut', [q, kit.fresh('mo')])];
    }),
  })),
  probe('mvcc.deleteThenRecreate', 'reader saw v1; key deleted and recreated with the same value before it commits', async (kit) => {
    const q = kit.fresh('mh');
    await put(kit, q, 'same');
    const t = await kit.prepare('getPut', [q, kit.fresh('mo')]);
    await kit.submit('del', q);
    await put(kit, q, 'same');
    return (await kit.commitAll([t])).map(statusOf);
  }),
  probe('mvcc.doubleDelete', 'two blind deletes of one key in one block', (kit) =>
    kit.sameBlock(async () => {
      const q = kit.fresh('mdd');
      await put(kit, q);
      return [await kit.prepare('del', [q]), await kit.prepare('del', [q])];
    }),
  ),
  probe(
    'mvcc.invalidTxDoesNotConflict',
    'tx1 invalid by conflict in the block; tx3 reading the key tx1 would have written (but tx1 did not) stays valid',
    (kit) =>
      kit.sameBlock(async () => {
        const a = kit.fresh('mi'),
          w = kit.fresh('mw');
        const t0 = await kit.prepare('rmw', [a]);
        const t1 = await kit.prepare('getPut', [a, w]);
        const t2 = await kit.prepare('getPut', [w, kit.fresh('mo')]);
        return [t0, t1, t2];
      }),
  ),
  probe('mvcc.readOnlySubmit', 'a submitted transaction that only reads, after the key changed', async (kit) => {
    const q = kit.fresh('mro');
    await put(kit, q);
    const t = await kit.prepare('getRaw', [q]);
    await put(kit, q, '2');
    return (await kit.commitAll([t])).map(statusOf);
  }),
  probe('mvcc.noReadNoWrite', 'a submitted transaction that neither reads nor writes', (kit) =>
    kit.stages(kit.contract, 'retString', ['x']),
  ),
  probe('mvcc.staleEndorsement', 'an endorsement made 10 blocks ago, of an untouched key, still commits', async (kit) => {
    const q = kit.fresh('mse');
    const t = await kit.prepare('rmw', [q]);
    for (let i = 0; i < 10; i++) await put(kit, kit.fresh('mx'));
    return (await kit.commitAll([t])).map(statusOf);
  }),
];
