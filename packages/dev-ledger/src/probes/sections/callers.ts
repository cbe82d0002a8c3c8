import { msp } from '@hyperledger/fabric-protos';
import { type Caller, callerOf, issueOdd, type OddCertificate } from '../identities.ts';
import type { ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';
import { makeProposal, type ProposalOptions } from '../proposals.ts';
import { statusOf } from '../outcomes.ts';
import { inTime } from '../transactions.ts';

const unknownId = 'ab'.repeat(32);
const otherBytes = Buffer.from('other');

/** A caller of organization 1 with a peculiar certificate. */
function issue(kit: ProbeKit, odd: OddCertificate): Promise<Caller> {
  return issueOdd(kit.connections.organization(1), odd);
}

/** A probe of proposals that are spoiled in one way. */
function spoiled(id: string, what: string, options: ProposalOptions): Probe {
  return probe(id, what, (kit) => kit.byHand.everyWay(kit.user, options));
}

function notPem(): Uint8Array {
  const creator = new msp.SerializedIdentity();
  creator.setMspid('MyOrg1MSP');
  creator.setIdBytes(Buffer.from('not pem'));
  return creator.serializeBinary();
}

/** Who calls: certificates, MSP ids, signatures, and the order in which they are checked. */
export const callers: readonly Probe[] = [
  probe('id.control', 'hand-made proposal, nothing wrong', (kit) => kit.byHand.everyWay(kit.user)),
  probe('id.unknownCA', 'certificate of another CA under the right MSP id', async (kit) => ({
    ...(await kit.byHand.everyWay(kit.stranger)),
    client: await kit.both(kit.connections.connect(1, kit.stranger).contract, 'get', ['x']),
    status: await kit.byHand.status(1, kit.stranger, unknownId),
    events: await kit.collect(() => kit.connections.connect(1, kit.stranger).network.getChaincodeEvents('probe'), { idleMs: 600 }),
  })),
  spoiled('id.unknownMsp', 'good certificate under an MSP id unknown to the channel', { mspId: 'NopeMSP' }),
  spoiled('id.wrongMsp', 'certificate of org1 under MyOrg2MSP', { mspId: 'MyOrg2MSP' }),
  spoiled('id.emptyMsp', 'empty MSP id', { mspId: '' }),
  probe('id.ordererMsp', 'identity of the orderer organisation', (kit) => kit.byHand.everyWay(callerOf(kit.network.ordererUser))),
  probe('id.peerIdentity', 'identity of the peer itself (role peer is not in Writers)', async (kit) => {
    const caller = kit.connections.user(1, 'peer');
    const { network } = kit.connections.connect(1, caller);
    return {
      ...(await kit.byHand.everyWay(caller)),
      status: await kit.byHand.status(1, caller, unknownId),
      events: await kit.collect(() => network.getChaincodeEvents('probe', { startBlock: 0n }), {
        idleMs: 500,
        show: () => 'event',
        max: 1,
      }),
    };
  }),
  probe('id.admin', 'admin of org1', async (kit) => {
    const admin = kit.connections.user(1, 'admin');
    return {
      evaluate: await kit.byHand.evaluate(1, await makeProposal(admin)),
      submit: await kit.stages(kit.connections.connect(1, admin).contract, 'put', ['adm', '1']),
    };
  }),
  probe('id.expired', 'certificate of the right CA that has expired', async (kit) => {
    const caller = await issue(kit, { name: 'expired', unit: 'client', fromMinutes: -3, toMinutes: -1 });
    return {
      ...(await kit.byHand.everyWay(caller)),
      status: await kit.byHand.status(1, caller, unknownId),
      events: await kit.collect(() => kit.connections.connect(1, caller).network.getChaincodeEvents('probe'), { idleMs: 500 }),
    };
  }),
  probe('id.notYetValid', 'certificate that is not valid yet', async (kit) =>
    kit.byHand.everyWay(await issue(kit, { name: 'early', unit: 'client', fromMinutes: 60, toMinutes: 120 })),
  ),
  probe('id.noOU', 'certificate of the right CA without an OU (NodeOUs are on); with an unknown OU', async (kit) => ({
    none: await kit.byHand.everyWay(await issue(kit, { name: 'noou', unit: '', fromMinutes: -3, toMinutes: 600 })),
    unknown: await kit.byHand.everyWay(await issue(kit, { name: 'oddou', unit: 'auditor', fromMinutes: -3, toMinutes: 600 })),
  })),
  probe('id.creatorGarbage', 'creator bytes that are no SerializedIdentity; empty creator', async (kit) => ({
    garbage: await kit.byHand.everyWay(kit.user, { creator: Buffer.from('garbage') }),
    empty: await kit.byHand.everyWay(kit.user, { creator: Buffer.alloc(0) }),
  })),
  spoiled('id.notPem', 'certificate that is not PEM', { creator: notPem() }),
  spoiled('id.badSignature', 'proposal signed over other bytes', { signedBytes: otherBytes }),
  spoiled('id.noSignature', 'proposal not signed', { signedBytes: null }),
  probe('id.signedByOther', 'creator User1, signed by Admin', (kit) =>
    kit.byHand.everyWay({ identity: kit.user.identity, signer: kit.connections.user(1, 'admin').signer }),
  ),
  spoiled('id.badSignatureUnknownChaincode', 'order of checks: bad signature and unknown chaincode', {
    signedBytes: otherBytes,
    chaincode: 'nosuch',
  }),
  spoiled('id.badSignatureUnknownChannel', 'order of checks: bad signature and unknown channel', {
    signedBytes: otherBytes,
    channel: 'nosuch',
  }),
  probe('id.unknownCAUnknownChaincode', 'order of checks: unknown CA and unknown chaincode', (kit) =>
    kit.byHand.everyWay(kit.stranger, { chaincode: 'nosuch' }),
  ),
  spoiled('id.badTxidBadSignature', 'order of checks: wrong txid and bad signature', {
    transactionId: unknownId,
    signedBytes: otherBytes,
  }),
];

/** Signatures made outside of the client library. */
export const offline: Probe = probe('offline', 'offline signing of proposal, transaction, commit and events', async (kit) => {
  const { identity, signer } = kit.user;
  const { gateway, contract } = kit.connections.connect(1, { identity });
  const proposal = contract.newProposal('put', { arguments: ['off', '1'] });
  const noSigner = await kit.outAs(proposal.endorse(inTime()), () => 'endorsed');
  const signedProposal = gateway.newSignedProposal(proposal.getBytes(), await signer(proposal.getDigest()));
  const transaction = await signedProposal.endorse(inTime());
  const signedTransaction = gateway.newSignedTransaction(transaction.getBytes(), await signer(transaction.getDigest()));
  const submitted = await signedTransaction.submit(inTime());
  const commit = gateway.newSignedCommit(submitted.getBytes(), await signer(submitted.getDigest()));
  return { noSigner, status: statusOf(await commit.getStatus(inTime())) };
});
