import type { Transaction } from '@hyperledger/fabric-gateway';
import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';

async function put(kit: ProbeKit, key: string, value = '1'): Promise<void> {
  await kit.submit('put', key, value);
}

type OnPrefix = (prefix: string) => Promise<Transaction>;

/** Records of a prefix of their own. */
async function seed(kit: ProbeKit, count = 3): Promise<string> {
  const prefix = `${kit.fresh('ph')}-`;
  await kit.submit('putMany', prefix, String(count));
  return prefix;
}

/** A change of a range that another transaction has scanned, in the block before the scan's and in the same block. */
async function whileScanned(
  kit: ProbeKit,
  change: OnPrefix,
  scan: OnPrefix = (p) => kit.prepare('rangePut', [p, `${p}~`, kit.fresh('pw')]),
) {
  const make = async (): Promise<readonly Transaction[]> => {
    const prefix = await seed(kit);
    const scanned = await scan(prefix);
    return [await change(prefix), scanned];
  };
  return { twoBlocks: await kit.twoBlocks(make), oneBlock: await kit.sameBlock(make) };
}

/** Conflicts of scans with what is committed meanwhile. */
export const phantoms: readonly Probe[] = [
  probe('phantom.insert', 'insert into a scanned range', (kit) => whileScanned(kit, (p) => kit.prepare('put', [p + '00001x', '1']))),
  probe('phantom.insertAtEnd', 'insert after the last record, still before the end key', (kit) =>
    whileScanned(kit, (p) => kit.prepare('put', [p + '9', '1'])),
  ),
  probe('phantom.insertOutside', 'insert just outside (at the end key itself)', (kit) =>
    whileScanned(kit, (p) => kit.prepare('put', [p + '~', '1'])),
  ),
  probe('phantom.delete', 'delete of a scanned record', (kit) => whileScanned(kit, (p) => kit.prepare('del', [p + '00001']))),
  probe('phantom.update', 'update of a scanned record', (kit) => whileScanned(kit, (p) => kit.prepare('put', [p + '00001', 'new']))),
  probe('phantom.deleteMissingInRange', 'delete of a missing key inside the range', (kit) =>
    whileScanned(kit, (p) => kit.prepare('del', [p + '00001x'])),
  ),
  probe('phantom.emptyRange', 'insert into a range that was empty', (kit) =>
    whileScanned(
      kit,
      (p) => kit.prepare('put', [p + 'e5', '1']),
      (p) => kit.prepare('rangePut', [p + 'e', p + 'f', kit.fresh('pw')]),
    ),
  ),
  probe('phantom.partialScanBeyond', 'scan closed after 1 of 3 records; insert after the part read', (kit) =>
    whileScanned(
      kit,
      (p) => kit.prepare('put', [p + '00001x', '1']),
      (p) => kit.prepare('rangeFirstPut', [p, p + '~', '1', kit.fresh('pw')]),
    ),
  ),
  probe('phantom.partialScanBetween', 'scan closed after 2 of 3 records; insert between them', (kit) =>
    whileScanned(
      kit,
      (p) => kit.prepare('put', [p + '00000x', '1']),
      (p) => kit.prepare('rangeFirstPut', [p, p + '~', '2', kit.fresh('pw')]),
    ),
  ),
  probe(
    'phantom.partialScanSecond',
    'scan closed after 1 of 3 records; update of record 2 and of record 3 (the peer had prefetched a whole page)',
    async (kit) => [
      await whileScanned(
        kit,
        (p) => kit.prepare('put', [p + '00001', 'n']),
        (p) => kit.prepare('rangeFirstPut', [p, p + '~', '1', kit.fresh('pw')]),
      ),
      await whileScanned(
        kit,
        (p) => kit.prepare('put', [p + '00002', 'n']),
        (p) => kit.prepare('rangeFirstPut', [p, p + '~', '1', kit.fresh('pw')]),
      ),
    ],
  ),
  probe('phantom.partialScanSecondPage', '250 records, scan closed after 1; update of record 50, 99, 100, 101 and 200', async (kit) => {
    const o: Record<number, unknown> = {};
    for (const i of [50, 99, 100, 101, 200])
      o[i] = await kit.twoBlocks(async () => {
        const p = await seed(kit, 250);
        const s = await kit.prepare('rangeFirstPut', [p, p + '~', '1', kit.fresh('pw')]);
        return [await kit.prepare('put', [p + String(i).padStart(5, '0'), 'n']), s];
      });
    return o;
  }),
  probe('phantom.bigRange', '250 records scanned to the end; update of record 200', (kit) =>
    kit.twoBlocks(async () => {
      const p = await seed(kit, 250);
      const s = await kit.prepare('rangePut', [p, p + '~', kit.fresh('pw')]);
      return [await kit.prepare('put', [p + '00200', 'n']), s];
    }),
  ),
  probe('phantom.composite', 'two transactions that each scan idx~p and add to it', (kit) =>
    kit.sameBlock(async () => {
      const p = kit.fresh('pc');
      return [await kit.prepare('idxScanPut', ['pidx', p, 'a']), await kit.prepare('idxScanPut', ['pidx', p, 'b'])];
    }),
  ),
  probe('phantom.ownWriteInRange', 'one transaction scans a range and then writes into it, alone', async (kit) => {
    const p = await seed(kit);
    return kit.stages(kit.contract, 'rangePut', [p, p + '~', p + 'new']);
  }),
  probe('phantom.insertByInvalidTx', 'the insert comes from a transaction invalidated in the same block', (kit) =>
    kit.sameBlock(async () => {
      const p = await seed(kit);
      const q = kit.fresh('pi');
      const a = await kit.prepare('rmw', [q]);
      const b = await kit.prepare('getPut', [q, p + 'zz']);
      const s = await kit.prepare('rangePut', [p, p + '~', kit.fresh('pw')]);
      return [a, b, s];
    }),
  ),
  probe('phantom.readAndRange', 'a transaction with both a changed read and a changed range: which code wins', async (kit) => {
    const p = await seed(kit);
    const q = kit.fresh('prr');
    await put(kit, q);
    const s = await kit.prepare('getRangePut', [q, p, p + '~', kit.fresh('pw')]);
    await put(kit, p + 'ins');
    const only = await kit.prepare('getRangePut', [q, p, p + '~', kit.fresh('pw')]);
    await put(kit, q, '2');
    await put(kit, p + 'ins2');
    return (await kit.commitAll([s])).concat(await kit.commitAll([only])).map(statusOf);
  }),
];
