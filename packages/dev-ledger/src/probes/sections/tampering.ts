import { randomBytes } from 'node:crypto';
import type { Signer } from '@hyperledger/fabric-gateway';
import { common, gateway, peer } from '@hyperledger/fabric-protos';
import { withName } from '../hand-made-calls.ts';
import type { ProbeKit } from '../kit.ts';
import { type Probe, probe } from '../probe.ts';
import { sha256, submitRequest } from '../proposals.ts';

const STATUS_TIMEOUT_MS = 2_500;

/** An endorsed transaction, taken apart. */
interface Opened {
  readonly payload: common.Payload;
  /** Changes the header's channel part. */
  readonly channelHeader: (change: (header: common.ChannelHeader) => void) => void;
  /** Changes the endorsed action. */
  readonly action: (change: (action: peer.ChaincodeEndorsedAction, whole: peer.ChaincodeActionPayload) => void) => void;
}

interface Tampering {
  /** Changes what is signed. */
  readonly change?: (opened: Opened) => void;
  /** Changes the envelope after it was signed. */
  readonly afterSigning?: (envelope: common.Envelope) => void;
  /** Replaces the payload whole. */
  readonly payload?: Uint8Array;
  readonly signer?: Signer;
  /** The channel that the request names. */
  readonly channel?: string;
  /** The id whose status is asked for, where the tampering changes it. */
  readonly transactionId?: string;
}

/** Endorses a transaction, tampers with it, submits it, and asks for its status. */
async function submitTampered(kit: ProbeKit, tampering: Tampering = {}): Promise<unknown> {
  const transaction = await kit.prepare('put', ['th', '1']);
  const envelope = gateway.PreparedTransaction.deserializeBinary(transaction.getBytes()).getEnvelope() ?? new common.Envelope();
  const opened = open(common.Payload.deserializeBinary(envelope.getPayload_asU8()));
  tampering.change?.(opened);
  envelope.setPayload(tampering.payload ?? opened.payload.serializeBinary());
  envelope.setSignature(await (tampering.signer ?? kit.user.signer)(sha256(envelope.getPayload_asU8())));
  tampering.afterSigning?.(envelope);
  const request = submitRequest(transaction.getTransactionId(), envelope, tampering.channel);
  const submit = await kit.rawOut(kit.byHand.call(1, 'Submit', request), () => true);
  if (submit.ok === undefined) return { submit };
  const transactionId = tampering.transactionId ?? transaction.getTransactionId();
  return { submit, status: withName(await kit.byHand.status(1, kit.user, transactionId, { timeoutMs: STATUS_TIMEOUT_MS })) };
}

function open(payload: common.Payload): Opened {
  return {
    payload,
    channelHeader: (change) => {
      const header = payload.getHeader();
      const channelHeader = common.ChannelHeader.deserializeBinary(header?.getChannelHeader_asU8() ?? new Uint8Array());
      change(channelHeader);
      header?.setChannelHeader(channelHeader.serializeBinary());
    },
    action: (change) => {
      const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
      const [action] = transaction.getActionsList();
      const whole = peer.ChaincodeActionPayload.deserializeBinary(action?.getPayload_asU8() ?? new Uint8Array());
      const endorsed = whole.getAction();
      if (action === undefined || endorsed === undefined) throw new Error('a transaction without an endorsed action');
      change(endorsed, whole);
      action.setPayload(whole.serializeBinary());
      payload.setData(transaction.serializeBinary());
    },
  };
}

function flipByte(envelope: common.Envelope): void {
  const signature = Buffer.from(envelope.getSignature_asU8());
  const at = signature.length - 3;
  signature[at] = (signature[at] ?? 0) ^ 1;
  envelope.setSignature(signature);
}

function changeResult(action: peer.ChaincodeEndorsedAction): void {
  const response = peer.ProposalResponsePayload.deserializeBinary(action.getProposalResponsePayload_asU8());
  const chaincodeAction = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8());
  chaincodeAction.getResponse()?.setPayload(Buffer.from('evil'));
  response.setExtension$(chaincodeAction.serializeBinary());
  action.setProposalResponsePayload(response.serializeBinary());
}

function changeArguments(whole: peer.ChaincodeActionPayload): void {
  const proposal = peer.ChaincodeProposalPayload.deserializeBinary(whole.getChaincodeProposalPayload_asU8());
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(proposal.getInput_asU8());
  invocation
    .getChaincodeSpec()
    ?.getInput()
    ?.setArgsList(['put', 'other', '1'].map((arg) => Buffer.from(arg)));
  proposal.setInput(invocation.serializeBinary());
  whole.setChaincodeProposalPayload(proposal.serializeBinary());
}

/** A probe that changes the list of endorsements. */
function endorsements(id: string, what: string, change: (list: readonly peer.Endorsement[]) => readonly peer.Endorsement[]): Probe {
  return probe(id, what, (kit) =>
    submitTampered(kit, {
      change: ({ action }) => action((endorsed) => endorsed.setEndorsementsList([...change(endorsed.getEndorsementsList())])),
    }),
  );
}

/** A probe that changes the channel header. */
function header(id: string, what: string, change: (header: common.ChannelHeader) => void): Probe {
  return probe(id, what, (kit) => submitTampered(kit, { change: ({ channelHeader }) => channelHeader(change) }));
}

/** A probe that changes the envelope after it was signed. */
function signature(id: string, what: string, afterSigning: (envelope: common.Envelope) => void): Probe {
  return probe(id, what, (kit) => submitTampered(kit, { afterSigning }));
}

function badCopy(endorsement: peer.Endorsement | undefined): peer.Endorsement {
  const copy = peer.Endorsement.deserializeBinary(endorsement?.serializeBinary() ?? new Uint8Array());
  copy.setSignature(Buffer.from('bad'));
  return copy;
}

/** Transactions that are changed between endorsement and ordering. */
export const tampering: readonly Probe[] = [
  probe('tamper.none', 'control: envelope rebuilt by hand, unchanged', (kit) => submitTampered(kit)),
  signature('tamper.signatureByte', 'client signature with one byte changed', flipByte),
  signature('tamper.signatureGarbage', 'client signature that is not DER', (envelope) => envelope.setSignature(Buffer.from('garbage'))),
  signature('tamper.noSignature', 'no client signature', (envelope) => envelope.setSignature(new Uint8Array())),
  probe('tamper.otherSigner', 'signed by another member of the same organisation', (kit) =>
    submitTampered(kit, { signer: kit.connections.user(1, 'admin').signer }),
  ),
  probe('tamper.result', 'proposal response payload changed after endorsement (result bytes), signed again by the client', (kit) =>
    submitTampered(kit, { change: ({ action }) => action(changeResult) }),
  ),
  endorsements('tamper.dropEndorsement', 'one of two endorsements removed', (all) => all.slice(0, 1)),
  endorsements('tamper.noEndorsements', 'both removed', () => []),
  endorsements('tamper.duplicateEndorsement', 'the first endorsement twice, the second removed', ([first]) =>
    first === undefined ? [] : [first, first],
  ),
  endorsements('tamper.extraEndorsementBad', 'a third endorsement with a broken signature besides the two good ones', (all) => [
    ...all,
    badCopy(all[0]),
  ]),
  probe('tamper.args', 'the chaincode arguments in the envelope changed (they are not what was endorsed)', (kit) =>
    submitTampered(kit, { change: ({ action }) => action((_endorsed, whole) => changeArguments(whole)) }),
  ),
  probe('tamper.txid', 'transaction id in the channel header changed', (kit) => {
    const transactionId = randomBytes(32).toString('hex');
    return submitTampered(kit, { transactionId, change: ({ channelHeader }) => channelHeader((one) => one.setTxId(transactionId)) });
  }),
  probe('tamper.dataGarbage', 'payload data that is not a Transaction', (kit) =>
    submitTampered(kit, { change: ({ payload }) => payload.setData(Buffer.from('garbage')) }),
  ),
  probe('tamper.dataEmpty', 'payload data empty', (kit) =>
    submitTampered(kit, { change: ({ payload }) => payload.setData(new Uint8Array()) }),
  ),
  probe('tamper.type', 'header type 0 (MESSAGE), 5 and 99', async (kit) => {
    const outcomes: Record<number, unknown> = {};
    for (const type of [0, 5, 99]) {
      outcomes[type] = await submitTampered(kit, { change: ({ channelHeader }) => channelHeader((one) => one.setType(type)) });
    }
    return outcomes;
  }),
  header('tamper.epoch', 'epoch 1', (one) => one.setEpoch(1)),
  probe('tamper.payloadGarbage', 'envelope payload that is not a Payload', (kit) =>
    submitTampered(kit, { payload: Buffer.from('garbage') }),
  ),
  probe('tamper.channelOfRequest', 'SubmitRequest.channel_id names another, and an unknown, channel', async (kit) => ({
    other: await submitTampered(kit, { channel: 'yourchannel' }),
    unknown: await submitTampered(kit, { channel: 'nosuch' }),
  })),
  header('tamper.channelOfHeader', 'channel header names an unknown channel', (one) => one.setChannelId('nosuch')),
];
