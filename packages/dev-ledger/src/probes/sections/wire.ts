import { setTimeout as delay } from 'node:timers/promises';
import type { ProbeKit } from '../kit.ts';
import { probe, type Section } from '../probe.ts';
import { makeProposal } from '../proposals.ts';
import { text } from '../text.ts';

async function setup(kit: ProbeKit): Promise<void> {
  for (const count of [250, 100, 101, 3]) await kit.submit('putMany', `w${count}-`, String(count));
}

/** The messages between a peer and its chaincodes. */
export const wire: Section = {
  name: 'wire',
  setup: setup,
  probes: [
    probe('wire.handshake', 'a new chaincode stream: messages of both sides before the first transaction', async (kit) => {
      kit.tap.close();
      await delay(500);
      await kit.tap.open();
      return kit.wire(() => kit.evaluate('retString', 'x'));
    }),
    probe('wire.put', 'submit put, both orgs', (kit) => kit.wire(() => kit.stages(kit.contract, 'put', ['wk', 'wv']))),
    probe('wire.get', 'evaluate get of a present and a missing key', async (kit) => [
      await kit.wire(() => kit.evaluate('getRaw', 'wk')),
      await kit.wire(() => kit.evaluate('getRaw', 'wk-missing')),
    ]),
    probe('wire.del', 'evaluate delete', (kit) => kit.wire(() => kit.evaluate('del', 'wk'))),
    probe('wire.ryow', 'get put get del get put', (kit) => kit.wire(() => kit.evaluate('ryow', 'wk', 'z'))),
    probe('wire.event', 'event: only in COMPLETED', (kit) => kit.wire(() => kit.evaluate('ev', 'name', 'pay'))),
    probe('wire.error', 'thrown error; the failing put of a lone-surrogate key caught by the contract', async (kit) => [
      await kit.wire(() => kit.evaluate('throwError', 'x')),
      await kit.wire(() => kit.evaluate('putEsc', 'a\\ud800', 'x')),
    ]),
    probe('wire.pvt', 'private data put without collections', (kit) => kit.wire(() => kit.evaluate('pvtPut', 'nocoll', 'k', 'v'))),
    ...(
      [
        ['0', 'w0-'],
        ['3', 'w3-'],
        ['100', 'w100-'],
        ['101', 'w101-'],
        ['250', 'w250-'],
      ] as const
    ).map(([n, p]) =>
      probe(`wire.range.${n}`, `full range scan of ${n} records`, (kit) => kit.wire(() => kit.evaluate('rangeCount', p, p + '~'))),
    ),
    probe('wire.rangeFirst', 'range scan of 250 closed after 1 record, closed after 101', async (kit) => [
      await kit.wire(() => kit.evaluate('rangeFirst', 'w250-', 'w250-~', '1')),
      await kit.wire(() => kit.outAs(kit.contract.evaluateTransaction('rangeFirst', 'w250-', 'w250-~', '101'), () => 'ok')),
    ]),
    probe('wire.page', 'paginated scan: size 2 of 3, 150 of 250 (larger than the page of 100)', async (kit) => [
      await kit.wire(() => kit.evaluate('page', 'w3-', 'w3-~', '2', '')),
      await kit.wire(() =>
        kit.outAs(kit.contract.evaluateTransaction('page', 'w250-', 'w250-~', '150', ''), (b) => {
          const r = JSON.parse(text(b)) as { keys: string[]; count: number; bookmark: string };
          return { n: r.keys.length, count: r.count, bookmark: r.bookmark };
        }),
      ),
    ]),
    probe('wire.idx', 'partial composite scan', async (kit) => kit.wire(() => kit.evaluate('idxScan', 'idx', '["p"]'))),
    probe('wire.history', 'history', async (kit) => {
      await kit.submit('put', 'wh', '1');
      await kit.submit('del', 'wh');
      return kit.wire(() => kit.evaluate('history', 'wh'));
    }),
    probe('wire.rich', 'rich query on LevelDB', (kit) => kit.wire(() => kit.evaluate('richQuery', '{}'))),
    probe('wire.vp', 'state metadata: get of none, put, get', async (kit) => {
      await kit.submit('put', 'wvp', '1');
      const a = await kit.wire(() => kit.evaluate('getVP', 'wvp'));
      const b = await kit.wire(() => kit.evaluate('setVP', 'wvp', '0102'));
      await kit.submit('setVPOrg', 'wvp', 'MyOrg1MSP');
      return [a, b, await kit.wire(() => kit.outAs(kit.contract.evaluateTransaction('getVP', 'wvp'), () => 'set'))];
    }),
    probe('wire.transient', 'transient data is only in the proposal', (kit) =>
      kit.wire(() => kit.out(kit.contract.evaluate('transient', { transientData: { a: '1' } }))),
    ),
    probe('wire.timestamps', 'two overlapping transactions on one stream interleave', async (kit) => {
      const r = await kit.wire(() =>
        Promise.all([kit.evaluate('slow', '300', 'all'), delay(50).then(() => kit.evaluate('retString', 'fast'))]),
      );
      return { outcome: r.outcome, order: (r.wire['org1'] ?? []).map((m) => `${String(m['from'])} ${String(m['type'])}`) };
    }),
    probe('wire.proposal', "the proposal in the TRANSACTION message is byte for byte the client's signed proposal", async (kit) => {
      const id = kit.connections.user(1);
      const q = await makeProposal(id, { args: ['retString', 'x'] });
      await kit.byHand.evaluate(1, q);
      await delay(100);
      const seen = kit.tap.lastProposal;
      return {
        proposalBytesEqual: Buffer.from(seen?.getProposalBytes_asU8() ?? []).equals(q.bytes),
        signatureEqual: Buffer.from(seen?.getSignature_asU8() ?? []).equals(q.signed.getSignature_asU8()),
      };
    }),
    probe('wire.unawaited', 'put not awaited', (kit) => kit.wire(() => kit.stages(kit.contract, 'dangling', ['dk']))),
  ],
};
