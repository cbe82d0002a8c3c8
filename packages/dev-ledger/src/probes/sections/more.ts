import { setTimeout as delay } from 'node:timers/promises';
import type { Transaction } from '@hyperledger/fabric-gateway';
import { peer } from '@hyperledger/fabric-protos';
import { mainChannel } from '../connections.ts';
import { issueOdd } from '../identities.ts';
import type { ProbeKit } from '../kit.ts';
import type { Outcome } from '../outcomes.ts';
import { type Probe, probe, type Section } from '../probe.ts';
import { type HandMadeProposal, makeProposal, type ProposalOptions } from '../proposals.ts';
import { rows } from '../text.ts';
import { inOrder } from '../transactions.ts';
import { messages } from './messages.ts';

async function since<T>(startMs: number, done: Promise<T>): Promise<readonly [T, number]> {
  const result = await done;
  return [result, performance.now() - startMs];
}

async function slowEvaluate(kit: ProbeKit): Promise<unknown> {
  await kit.submit('put', 'lk', 'old');
  const startMs = performance.now();
  const evaluated = kit.evaluate('readSlowRead', 'lk', '1500');
  await delay(150);
  const [submit, waitedMs] = await since(startMs, kit.stages(kit.contract, 'put', ['lk', 'new']));
  kit.fact('submitDuringSlowEvaluateMs', Math.round(waitedMs));
  return { submit, commitWaitedForTheEvaluate: waitedMs > 1300, read: await evaluated, after: await kit.evaluate('getRaw', 'lk') };
}

async function slowEvaluateOtherPeer(kit: ProbeKit): Promise<unknown> {
  const startMs = performance.now();
  const evaluated = kit.out(kit.org2.contract.evaluateTransaction('readSlowRead', 'lk', '1500'));
  await delay(150);
  const [submit, waitedMs] = await since(startMs, kit.stages(kit.contract, 'put', ['lk', 'new2']));
  return { submit, waited: waitedMs > 1300, read: await evaluated };
}

async function readsDuringCommitWait(kit: ProbeKit): Promise<unknown> {
  await kit.submit('put', 'lk', 'o');
  const evaluated = kit.evaluate('readSlowRead', 'lk', '1500');
  await delay(150);
  const submitted = kit.stages(kit.contract, 'put', ['lk', 'n']);
  await delay(300);
  const [read, waitedMs] = await since(performance.now(), kit.evaluate('getRaw', 'lk'));
  kit.fact('evaluateWhileCommitWaitsMs', Math.round(waitedMs));
  await Promise.all([evaluated, submitted]);
  return { read, waited: waitedMs > 700 };
}

async function cutByBytes(kit: ProbeKit): Promise<unknown> {
  const statuses = await inOrder([
    await kit.prepare('put', ['bc1', '1']),
    await kit.prepare('putFill', ['bc2', '3000000']),
    await kit.prepare('put', ['bc3', '1']),
  ]);
  const first = statuses[0]?.blockNumber ?? 0n;
  return statuses.map(({ blockNumber }) => Number(blockNumber - first));
}

async function cutByCount(kit: ProbeKit): Promise<unknown> {
  const transactions: Transaction[] = [];
  for (let index = 0; index < 20; index++) transactions.push(await kit.prepare('put', [`bcc${index}`, '1']));
  const statuses = await kit.commitAll(transactions);
  const blocks = new Set(statuses.map(({ blockNumber }) => blockNumber)).size;
  kit.fact('blocksFor20ParallelSubmits', blocks);
  return { allValid: statuses.every(({ successful }) => successful), few: blocks <= 4 };
}

async function unicodeOrder(kit: ProbeKit): Promise<unknown> {
  for (const key of ['\u{1F600}', '\uffee', '\u007f', '\u0080', 'a', 'A', '1', '~']) await kit.submit('put', `uo-${key}`, '1');
  const codePoints = (key = ''): string => Array.from(key.slice(3), (one) => `U+${one.codePointAt(0)?.toString(16)}`).join(',');
  return kit.outAs(kit.contract.evaluateTransaction('range', 'uo-', 'uo.'), (bytes) => rows(bytes).map(([key]) => codePoints(key)));
}

async function prefixOrder(kit: ProbeKit): Promise<unknown> {
  for (const key of ['ab', 'a', 'abc', 'a\u0000', 'a ']) await kit.submit('put', `up-${key}`, '1');
  return kit.outAs(kit.contract.evaluateTransaction('range', 'up-', 'up.'), (bytes) => rows(bytes).map(([key]) => key));
}

/** Hands a proposal to the Endorser service of peer 1. */
function process<T>(kit: ProbeKit, { signed }: HandMadeProposal, show: (answer: peer.ProposalResponse) => T): Promise<Outcome<T>> {
  const call = kit.connections.unary(1, '/protos.Endorser/ProcessProposal', signed.serializeBinary());
  return kit.rawOut(call, (bytes) => show(peer.ProposalResponse.deserializeBinary(bytes)));
}

async function endorserDirect(kit: ProbeKit): Promise<unknown> {
  const go = async (options: ProposalOptions): Promise<unknown> =>
    process(kit, await makeProposal(kit.user, options), (answer) => ({
      version: answer.getVersion(),
      status: answer.getResponse()?.getStatus(),
      message: kit.normalise(answer.getResponse()?.getMessage() ?? ''),
      payload: kit.asText(answer.getResponse()?.getPayload_asU8() ?? new Uint8Array()),
      hasPayload: answer.getPayload_asU8().length > 0,
      hasEndorsement: answer.hasEndorsement(),
      interest:
        answer
          .getInterest()
          ?.getChaincodesList()
          .map((one) => one.getName()) ?? null,
    }));
  return {
    good: await go({}),
    badSignature: await go({ signedBytes: Buffer.from('x') }),
    chaincodeError: await go({ args: ['throwError', 'x'] }),
    raw404: await go({ chaincode: 'raw', args: ['status', '404', 'm', 'p'] }),
    unknownChaincode: await go({ chaincode: 'nosuch' }),
    unknownChannel: await go({ channel: 'nosuch' }),
    noChannel: await go({ channel: '', chaincode: 'cscc', args: ['GetChannels'] }),
    unknownFunctionQscc: await go({ chaincode: 'qscc', args: ['GetChainInfo', mainChannel] }),
  };
}

const expired = { name: 'expired', unit: 'client', fromMinutes: -3, toMinutes: -1 };

const further: readonly Probe[] = [
  probe('order.unicode', 'order of keys U+FFEE and U+1F600 and U+007F, U+0080 in a range (UTF-8 byte order, not UTF-16)', unicodeOrder),
  probe('order.prefix', 'order of a key, its prefix and its extension', prefixOrder),
  probe(
    'lock.slowEvaluate',
    'a slow evaluate (1.5 s, holds the state lock of its peer) and a submit at the same time: does the commit at that peer wait?',
    slowEvaluate,
  ),
  probe('lock.slowEvaluateOtherPeer', 'the same with the slow evaluate at peer 2 and the status asked at peer 1', slowEvaluateOtherPeer),
  probe('lock.readsDuringCommitWait', 'an evaluate that starts while a commit waits for a slow evaluate', readsDuringCommitWait),
  probe('block.cut', 'small, 3 MB and small transactions ordered at once (PreferredMaxBytes 2 MB): relative block numbers', cutByBytes),
  probe('block.cutCount', '20 transactions ordered at once: how many blocks (rough)', cutByCount),
  probe('evaluate.retry', 'which failures of an evaluate move on to the peer of the other organisation', async (kit) => ({
    chaincodeError: (await kit.invocations(() => kit.evaluate('throwError', 'x'))).invocations,
    orgOnlyThrow: await kit.invocations(() => kit.evaluate('throwAtOrg', 'MyOrg1MSP')),
  })),
  probe('raw.query', 'evaluate of a chaincode that answers 200 with message and payload: what EvaluateResponse carries', async (kit) =>
    kit.byHand.evaluate(1, await makeProposal(kit.user, { chaincode: 'raw', args: ['status', '201', 'msg', 'pay'] })),
  ),
  probe(
    'id.expiredSubmit',
    "expired certificate: endorsed by its own organisation's gateway peer alone (OR policy), then sent to the orderer",
    async (kit) => {
      const caller = await issueOdd(kit.connections.organization(1), expired);
      return kit.byHand.submitProposal(caller, await makeProposal(caller, { chaincode: 'orcc', args: ['put', 'exp', '1'] }), 4_000);
    },
  ),
  probe(
    'id.expiredDirect',
    'expired certificate: block events (Deliver) and a proposal sent straight to the Endorser service',
    async (kit) => {
      const caller = await issueOdd(kit.connections.organization(1), expired);
      const { network } = kit.connections.connect(1, caller);
      return {
        endorser: await process(kit, await makeProposal(caller), (answer) => ({ status: answer.getResponse()?.getStatus() })),
        blocks: await kit.collect(() => network.getBlockEvents({ startBlock: 1n }), { idleMs: 500, max: 1, show: () => 'block' }),
      };
    },
  ),
  probe(
    'endorser.direct',
    'protos.Endorser/ProcessProposal by hand: good, bad signature, chaincode error, unknown chaincode, unknown channel',
    endorserDirect,
  ),
];

/** Messages of errors, locks, order of keys, cutting of blocks, the Endorser service. */
export const more: Section = { name: 'more', probes: [...messages, ...further] };
