import type { ProbeKit } from '../kit.ts';
import { statusOf } from '../outcomes.ts';
import { probe, type Section } from '../probe.ts';
import { list, rows, text } from '../text.ts';

async function setup(kit: ProbeKit): Promise<void> {
  await kit.submit('putMany', 'r-', '5');
  for (const attributes of [
    ['p', 'a'],
    ['p', 'b'],
    ['pq', 'c'],
  ])
    await kit.submit('idxPut', 'idx', list(...attributes));
}

/** Ranges, pages, histories, private data and key endorsement policies. */
export const scans: Section = {
  name: 'scans',
  setup: setup,
  probes: [
    probe('scan.bounds', 'range bounds: [start, end)', async (kit) => ({
      all: await kit.evaluate('range', 'r-', 'r-~'),
      endExclusive: await kit.evaluate('range', 'r-00001', 'r-00003'),
      equal: await kit.evaluate('range', 'r-00001', 'r-00001'),
      reversed: await kit.evaluate('range', 'r-00003', 'r-00001'),
      none: await kit.evaluate('range', 'zzzz', 'zzzzz'),
    })),
    probe('scan.emptyBounds', 'range with empty start and end: does it return composite keys? (count only)', async (kit) => {
      const r = await kit.outAs(kit.contract.evaluateTransaction('range', '', ''), (b) => rows(b).map((x) => x[0]));
      return {
        anyComposite: r.ok?.some((key) => key?.startsWith('\u0000')) ?? r,
        many: (r.ok?.length ?? 0) > 10,
        emptyEnd: await kit.outAs(kit.contract.evaluateTransaction('range', 'r-00003', ''), (b) => rows(b)[0]?.[0]),
      };
    }),
    probe('scan.compositeBounds', 'range whose bounds are composite keys', (kit) =>
      kit.evaluate('range', '\\u0000idx\\u0000', '\\u0000idx\\u0001'),
    ),
    probe('scan.compositeOneBound', 'range with start \\u0001 and end U+10FFFF', (kit) => kit.evaluate('range', 'r-', 'r-\\udbff\\udfff')),
    probe('scan.record', 'namespace, key and value of a record, and the fields it has', async (kit) => [
      await kit.evaluate('rangeMeta', 'r-', 'r-~'),
      await kit.evaluate('rangeKeys', 'r-', 'r-~'),
    ]),
    probe('scan.partialComposite', 'partial composite scans', async (kit) => ({
      one: await kit.evaluate('idxScan', 'idx', list('p')),
      all: await kit.evaluate('idxScan', 'idx', list()),
      full: await kit.evaluate('idxScan', 'idx', list('p', 'a')),
      none: await kit.evaluate('idxScan', 'idx', list('zz')),
      prefixOfType: await kit.evaluate('idxScan', 'id', list()),
      emptyType: await kit.evaluate('idxScan', '', list()),
    })),
    probe('scan.compositeKeys', 'createCompositeKey with an empty type, empty attribute, \\u0000, U+10FFFF, no attribute', async (kit) => ({
      normal: await kit.evaluate('idxKey', 't', list('a', 'b')),
      emptyType: await kit.evaluate('idxKey', '', list('a')),
      emptyAttr: await kit.evaluate('idxKey', 't', list('', 'b')),
      nul: await kit.evaluate('idxKey', 't', list('a\u0000b')),
      nulType: await kit.evaluate('idxKey', 't\\u0000u', list('a')),
      max: await kit.evaluate('idxKey', 't', list('a\u{10ffff}')),
      noAttr: await kit.evaluate('idxKey', 't', list()),
    })),
    probe('page.walk', 'paginated range of 5 records, size 2, following the bookmarks', async (kit) => {
      const o: unknown[] = [];
      let bm = '';
      for (let i = 0; i < 4; i++) {
        const r = JSON.parse(text(await kit.contract.evaluateTransaction('page', 'r-', 'r-~', '2', bm))) as { bookmark: string };
        o.push(r);
        bm = r.bookmark;
        if (!bm) break;
      }
      return o;
    }),
    probe('page.exact', 'size equal to the count, larger than it, zero, negative', async (kit) => ({
      exact: await kit.evaluate('page', 'r-', 'r-~', '5', ''),
      larger: await kit.evaluate('page', 'r-', 'r-~', '50', ''),
      zero: await kit.evaluate('page', 'r-', 'r-~', '0', ''),
      negative: await kit.evaluate('page', 'r-', 'r-~', '-1', ''),
    })),
    probe('page.bookmarks', 'bookmark inside, before the range, beyond the range, not a key', async (kit) => ({
      inside: await kit.evaluate('page', 'r-', 'r-~', '2', 'r-00002'),
      before: await kit.evaluate('page', 'r-', 'r-~', '2', 'a'),
      beyond: await kit.evaluate('page', 'r-', 'r-~', '2', 'zz'),
      notKey: await kit.evaluate('page', 'r-', 'r-~', '2', 'r-000015'),
    })),
    probe('page.composite', 'paginated partial composite scan', async (kit) => [
      await kit.evaluate('idxPage', 'idx', 'p', '1', ''),
      await kit.evaluate('idxPage', 'idx', 'p', '1', '\u0000idx\u0000p\u0000b\u0000'),
    ]),
    ...['pageThenPut', 'pageThenDel', 'putThenPage', 'pageThenEvent', 'page'].map((fn) =>
      probe(`page.${fn}`, `${fn}: evaluate and submit`, (kit) =>
        kit.both(kit.contract, fn, fn === 'page' ? ['r-', 'r-~', '2', ''] : ['r-', 'r-~']),
      ),
    ),
    probe('page.thenGet', 'paginated scan then get, submitted', (kit) => kit.both(kit.contract, 'pageThenGet', ['r-', 'r-~', 'r-00001'])),
    probe('page.phantom', 'paginated scan in a submit, an insert inside the page read, then commit', async (kit) => {
      const t = await kit.prepare('pageThenEvent', ['r-', 'r-~']);
      await kit.submit('put', 'r-00000a', 'x');
      const r = (await kit.commitAll([t])).map(statusOf);
      await kit.submit('del', 'r-00000a');
      return r;
    }),
    probe('scan.rich', 'rich query on LevelDB', (kit) => kit.both(kit.contract, 'richQuery', ['{"selector":{}}'])),
    probe('history.order', 'history of a key: put, put, delete, put', async (kit) => {
      for (const [name, ...args] of [
        ['put', 'hk', '1'],
        ['put', 'hk', '2'],
        ['del', 'hk'],
        ['put', 'hk', '3'],
      ] as const)
        await kit.submit(name, ...args);
      return [await kit.evaluate('history', 'hk'), await kit.evaluate('history', 'nokey')];
    }),
    probe('history.submit', 'history in a submitted transaction', (kit) => kit.both(kit.contract, 'historyPut', ['hk2'])),
    probe('history.invalidTx', 'a write of an invalidated transaction is not in the history', async (kit) => {
      const t = await kit.prepare('rmw', ['hk3']);
      await kit.submit('rmw', 'hk3');
      const s = (await kit.commitAll([t])).map(statusOf);
      return [s, await kit.evaluate('history', 'hk3')];
    }),
    probe('pvt', 'private data without collections: put, get, hash', async (kit) => ({
      put: await kit.both(kit.contract, 'pvtPut', ['nocoll', 'k', 'v']),
      get: await kit.both(kit.contract, 'pvtGet', ['nocoll', 'k']),
      hash: await kit.both(kit.contract, 'pvtHash', ['nocoll', 'k']),
      emptyCollection: await kit.both(kit.contract, 'pvtPut', ['', 'k', 'v']),
      implicitOwn: await kit.both(kit.contract, 'pvtPut', ['_implicit_org_MyOrg1MSP', 'k', 'v']),
      implicitGet: await kit.evaluate('pvtGet', '_implicit_org_MyOrg1MSP', 'k'),
    })),
    probe('vp', 'state validation parameter: get unset, set garbage, set to org1 only, then write with org1 alone', async (kit) => {
      await kit.submit('put', 'vpk', '1');
      return {
        getUnset: await kit.evaluate('getVP', 'vpk'),
        getMissing: await kit.evaluate('getVP', 'novp'),
        setGarbage: await kit.both(kit.contract, 'setVP', ['vpg', 'ff']),
        setOrg1: await kit.both(kit.contract, 'setVPOrg', ['vpk', 'MyOrg1MSP']),
        writeOrg1Only: await kit.stages(kit.contract, 'put', ['vpk', '2'], { endorsingOrganizations: ['MyOrg1MSP'] }),
        writeDelegated: await kit.invocations(() => kit.stages(kit.contract, 'put', ['vpk', '3'])),
        otherKeyOrg1Only: await kit.stages(kit.contract, 'put', ['vpk-other', '2'], { endorsingOrganizations: ['MyOrg1MSP'] }),
      };
    }),
  ],
};
