import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { gateway } from '@hyperledger/fabric-protos';
import type { ProbeKit } from '../kit.ts';
import { statusName, statusOf } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';
import { makeProposal } from '../proposals.ts';
import { inTime } from '../transactions.ts';

const unknownId = 'ab'.repeat(32);
/** Until a second copy is in a block too. */
const SETTLE_MS = 400;

/** The validation codes that the filtered blocks from a height on have for a transaction. */
async function codes(kit: ProbeKit, transactionId: string, startBlock: bigint): Promise<readonly unknown[]> {
  const collected = await kit.collect(() => kit.channel.getFilteredBlockEvents({ startBlock }), {
    idleMs: 500,
    show: (block) =>
      block
        .getFilteredTransactionsList()
        .filter((one) => one.getTxid() === transactionId)
        .map((one) => ({ code: one.getTxValidationCode(), name: statusName(one.getTxValidationCode()) })),
  });
  return 'opening' in collected ? [collected] : (collected.events as unknown[][]).flat();
}

/** Transaction ids that are used twice. */
export const duplicates: readonly Probe[] = [
  probe('dup.sameBlock', 'the same signed envelope submitted twice at once: codes in the filtered blocks and CommitStatus', async (kit) => {
    const startBlock = await kit.height();
    const transaction = await kit.prepare('put', ['dup', '1']);
    const submitted = await transaction.submit(inTime());
    const secondSubmit = await kit.outAs(transaction.submit(inTime()), () => 'accepted');
    const status = statusOf(await submitted.getStatus(inTime()));
    await delay(SETTLE_MS);
    return { secondSubmit, status, codes: await codes(kit, transaction.getTransactionId(), startBlock) };
  }),
  probe('dup.afterCommit', 'the same envelope submitted again after commit', async (kit) => {
    const startBlock = await kit.height();
    const transaction = await kit.prepare('put', ['dup', '1']);
    const first = statusOf(await (await transaction.submit(inTime())).getStatus(inTime()));
    const secondSubmit = await kit.outAs(transaction.submit(inTime()), () => 'accepted');
    await delay(SETTLE_MS);
    const id = transaction.getTransactionId();
    return { first, secondSubmit, statusAfterwards: await kit.byHand.status(1, kit.user, id), codes: await codes(kit, id, startBlock) };
  }),
  probe('dup.afterInvalid', 'a transaction invalidated by MVCC, submitted again: does the id count as used?', async (kit) => {
    const key = kit.fresh('dupinv');
    const startBlock = await kit.height();
    const transaction = await kit.prepare('rmw', [key]);
    await kit.submit('rmw', key);
    const st = statusOf(await (await transaction.submit(inTime())).getStatus(inTime()));
    const again = await kit.outAs(transaction.submit(inTime()), () => 'accepted');
    await delay(SETTLE_MS);
    const id = transaction.getTransactionId();
    return { st, again, statusAfterwards: await kit.byHand.status(1, kit.user, id), codes: await codes(kit, id, startBlock) };
  }),
  probe('dup.endorseTwiceThenSubmitBoth', 'one proposal endorsed twice before commit, both submitted', async (kit) => {
    const proposal = kit.contract.newProposal('put', { arguments: ['dup2', '1'] });
    const startBlock = await kit.height();
    const [first, second] = [await proposal.endorse(inTime()), await proposal.endorse(inTime())];
    const submitted = await first.submit(inTime());
    const s2 = await kit.outAs(second.submit(inTime()), () => 'accepted');
    const st = statusOf(await submitted.getStatus(inTime()));
    await delay(SETTLE_MS);
    return { s2, st, codes: await codes(kit, proposal.getTransactionId(), startBlock) };
  }),
  probe('dup.endorseAfterCommit', 'endorse and evaluate of a proposal whose id is already committed', async (kit) => {
    const proposal = kit.contract.newProposal('put', { arguments: ['dup3', '1'] });
    await (await (await proposal.endorse(inTime())).submit(inTime())).getStatus(inTime());
    const atPeer2 = kit.connections.connect(2, kit.user).gateway;
    const signature = await kit.user.signer(proposal.getDigest());
    return {
      evaluate: await kit.out(proposal.evaluate()),
      endorse: await kit.outAs(proposal.endorse(inTime()), () => 'endorsed'),
      evaluateAtPeer2: await kit.out(async () => atPeer2.newSignedProposal(proposal.getBytes(), signature).evaluate()),
    };
  }),
  probe('dup.evaluateTwice', 'one proposal evaluated twice, and evaluated then endorsed', async (kit) => {
    const proposal = kit.contract.newProposal('get', { arguments: ['x'] });
    const [first, second] = [await kit.out(proposal.evaluate()), await kit.out(proposal.evaluate())];
    return [first, second, await kit.outAs(proposal.endorse(inTime()), () => 'endorsed')];
  }),
  probe(
    'dup.concurrentSameTxid',
    'one proposal evaluated twice at the same time: the peer holds one context per channel and txid, so the second call runs at the other peer',
    (kit) => {
      const proposal = kit.contract.newProposal('slowOrg', { arguments: ['600'] });
      return Promise.all([0, 150, 300].map(async (waitMs) => delay(waitMs).then(() => kit.out(proposal.evaluate()))));
    },
  ),
  probe('dup.otherChannel', 'the id of a transaction committed on one channel is free on the other', async (kit) => {
    const nonce = randomBytes(24);
    const proposal = await makeProposal(kit.user, { nonce, args: ['put', 'oc', '1'] });
    await kit.byHand.submitProposal(kit.user, proposal, 5_000);
    return kit.byHand.evaluate(1, await makeProposal(kit.user, { nonce, channel: 'yourchannel', args: ['get', 'oc'] }));
  }),
];

/** Asking for the status of a transaction. */
export const statuses: readonly Probe[] = [
  probe('status.unknownTx', 'CommitStatus of an id that never comes: waits until the deadline', (kit) =>
    kit.byHand.status(1, kit.user, unknownId, { timeoutMs: 1200 }),
  ),
  probe('status.emptyTx', 'CommitStatus with an empty id', (kit) => kit.byHand.status(1, kit.user, '', { timeoutMs: 1200 })),
  probe('status.unknownChannel', 'CommitStatus on an unknown channel', (kit) =>
    kit.byHand.status(1, kit.user, unknownId, { channel: 'nosuch' }),
  ),
  probe('status.badSignature', 'CommitStatus with a wrong signature', (kit) =>
    kit.byHand.status(1, kit.user, unknownId, { hasBadSignature: true }),
  ),
  probe('status.otherOrg', 'CommitStatus asked by org2 of a transaction of org1, at both peers', async (kit) => {
    const submitted = await kit.contract.submitAsync('put', { arguments: ['so', '1'] });
    await submitted.getStatus(inTime());
    const id = submitted.getTransactionId();
    return [await kit.byHand.status(1, kit.user2, id), await kit.byHand.status(2, kit.user2, id, { timeoutMs: 4000 })];
  }),
  probe('status.twice', 'CommitStatus twice after commit', async (kit) => {
    const submitted = await kit.contract.submitAsync('put', { arguments: ['so', '1'] });
    await submitted.getStatus(inTime());
    const id = submitted.getTransactionId();
    return [await kit.byHand.status(1, kit.user, id), await kit.byHand.status(1, kit.user, id)];
  }),
  probe('status.clientDeadline', 'getStatus({deadline}) of the client library', async (kit) => {
    const { transactionId } = await makeProposal(kit.user);
    const request = await kit.byHand.statusRequest(kit.user, transactionId);
    const signature = gateway.SignedCommitStatusRequest.deserializeBinary(request).getSignature_asU8();
    const commit = kit.org1.gateway.newSignedCommit(request, signature);
    return kit.outAs(commit.getStatus({ deadline: Date.now() + 700 }), statusOf);
  }),
];
