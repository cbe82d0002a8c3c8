import { randomBytes } from 'node:crypto';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { asIs, mainChannel } from '../connections.ts';
import type { ProbeKit } from '../kit.ts';
import { codeName } from '../outcomes.ts';
import { type Probe, probe } from '../probe.ts';
import { makeProposal, type ProposalOptions, submitRequest } from '../proposals.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365 * 24 * HOUR_MS;

const shifts = [
  ['past1h', -HOUR_MS],
  ['past1y', -YEAR_MS],
  ['future1h', HOUR_MS],
  ['future1y', YEAR_MS],
] as const;

/** A probe of proposals that are spoiled in one way. */
function spoiled(id: string, what: string, options: ProposalOptions): Probe {
  return probe(id, what, (kit) => kit.byHand.everyWay(kit.user, options));
}

async function garbage(kit: ProbeKit): Promise<unknown> {
  const signed = new peer.SignedProposal();
  signed.setProposalBytes(Buffer.from('garbage'));
  signed.setSignature(Buffer.from('x'));
  const proposal = { signed, bytes: signed.getProposalBytes_asU8(), transactionId: 'x', channel: mainChannel };
  const status = new gateway.SignedCommitStatusRequest();
  status.setRequest(Buffer.from('garbage'));
  const unsigned = new common.Envelope();
  unsigned.setPayload(Buffer.from('x'));
  const signedEnvelope = new common.Envelope();
  signedEnvelope.setPayload(Buffer.from('x'));
  signedEnvelope.setSignature(Buffer.from('y'));
  const call = (method: string, request: Uint8Array): Promise<unknown> => kit.rawOut(kit.byHand.call(1, method, request), () => true);
  const empty = Buffer.alloc(0);
  return {
    evaluateGarbage: await kit.byHand.evaluate(1, proposal),
    endorseGarbage: await kit.byHand.endorse(1, proposal),
    evaluateEmpty: await call('Evaluate', empty),
    endorseEmpty: await call('Endorse', empty),
    submitEmpty: await call('Submit', empty),
    statusEmpty: await call('CommitStatus', empty),
    undecodable: await call('Evaluate', Buffer.from([0xff, 0xff, 0xff])),
    statusGarbage: await call('CommitStatus', status.serializeBinary()),
    unknownMethod: await call('Nope', empty),
    submitNoSignature: await call('Submit', submitRequest('', unsigned)),
    submitUnknownChannel: await call('Submit', submitRequest('', signedEnvelope, 'nosuch')),
  };
}

async function plaintext(kit: ProbeKit): Promise<unknown> {
  const client = new Client(kit.connections.organization(1).gatewayAddress, credentials.createInsecure());
  const { promise, resolve } = Promise.withResolvers<ServiceError | null>();
  const options = { deadline: Date.now() + 3_000 };
  client.makeUnaryRequest('/gateway.Gateway/Evaluate', asIs, asIs, Buffer.alloc(0), new Metadata(), options, (error) => resolve(error));
  const error = await promise;
  client.close();
  return { code: error?.code, codeName: codeName(error?.code) };
}

/** What is wrong with a proposal itself. */
export const proposals: readonly Probe[] = [
  probe('prop.txid', 'transaction id that is not sha256(nonce+creator); empty id; upper case', async (kit) => {
    const nonce = randomBytes(24);
    const { transactionId } = await makeProposal(kit.user, { nonce });
    return {
      wrong: await kit.byHand.everyWay(kit.user, { transactionId: 'ab'.repeat(32) }),
      upper: await kit.byHand.everyWay(kit.user, { nonce, transactionId: transactionId.toUpperCase() }),
    };
  }),
  probe('prop.requestTxid', 'request.transaction_id and channel_id disagree with the proposal', async (kit) => {
    const otherId = { ...(await makeProposal(kit.user)), transactionId: 'cd'.repeat(32) };
    const otherChannel = { ...(await makeProposal(kit.user)), channel: 'nosuch' };
    return [
      await kit.byHand.evaluate(1, otherId),
      await kit.byHand.endorse(1, otherId),
      await kit.byHand.evaluate(1, otherChannel),
      await kit.byHand.endorse(1, otherChannel),
    ];
  }),
  ...shifts.map(([name, shiftMs]) =>
    probe(`prop.ts.${name}`, `proposal timestamp ${name}`, async (kit) => {
      const timestampMs = Date.now() + shiftMs;
      const proposal = await makeProposal(kit.user, { timestampMs, args: ['put', 'tsk', '1'] });
      return {
        ...(await kit.byHand.everyWay(kit.user, { timestampMs })),
        commit: await kit.byHand.submitProposal(kit.user, proposal, 4_000),
      };
    }),
  ),
  spoiled('prop.ts.missing', 'no timestamp', { timestampMs: null }),
  probe('prop.nonce', 'empty nonce; 1-byte nonce', async (kit) => ({
    empty: await kit.byHand.everyWay(kit.user, { nonce: Buffer.alloc(0) }),
    one: await kit.byHand.everyWay(kit.user, { nonce: randomBytes(1) }),
  })),
  probe('prop.type', 'header type 0, 1, 2, 99', async (kit) => {
    const outcomes: Record<number, unknown> = {};
    for (const type of [0, 1, 2, 99]) outcomes[type] = await kit.byHand.everyWay(kit.user, { type });
    return outcomes;
  }),
  spoiled('prop.epoch', 'epoch 1', { epoch: 1 }),
  spoiled('prop.channelEmpty', 'empty channel', { channel: '' }),
  probe('prop.chaincodeEmpty', 'empty chaincode name; no chaincode id', async (kit) => ({
    empty: await kit.byHand.everyWay(kit.user, { chaincode: '' }),
    none: await kit.byHand.everyWay(kit.user, { hasChaincodeId: false }),
  })),
  probe('prop.extension', 'chaincode header extension missing; naming another chaincode than the payload', async (kit) => ({
    missing: await kit.byHand.everyWay(kit.user, { hasExtension: false }),
    other: await kit.byHand.everyWay(kit.user, { extensionChaincode: 'orcc' }),
  })),
  probe('prop.ccName', 'chaincode names with a version, a slash, spaces', async (kit) => {
    const outcomes: Record<string, unknown> = {};
    for (const name of ['probe:1', 'probe/x', ' probe', 'Probe']) outcomes[name] = await kit.byHand.everyWay(kit.user, { chaincode: name });
    return outcomes;
  }),
  spoiled('prop.noArgs', 'no arguments at all', { args: [] }),
  probe('prop.garbage', 'requests without proposal, with garbage bytes, empty requests', garbage),
  probe('prop.tls', 'plaintext client to the TLS port', plaintext),
];
