import { common, peer } from '@hyperledger/fabric-protos';
import { sha256 } from '../crypto/ecdsa.ts';
import type { Identities, Member } from '../msp/identities.ts';
import { type NamespaceSet, readReadWriteSet } from '../state/rwset-reader.ts';
import type { HistoryEntry } from '../state/history.ts';

const Code = peer.TxValidationCode;

/** What an endorsed transaction does, and whose good signatures it bears. */
export interface EndorsedAction {
  readonly chaincode: string;
  readonly endorsers: readonly Member[];
  /** Emptied when all peers have committed the block: a long chain would fill the memory with them. */
  sets: readonly NamespaceSet[];
  readonly event: peer.ChaincodeEvent | undefined;
}

/** An envelope in a block, with all that can be said of it without the state. */
export interface ChainTransaction {
  /** The envelope, as it was ordered. */
  readonly bytes: Uint8Array;
  readonly transactionId: string;
  readonly type: number;
  readonly timestamp: HistoryEntry['timestamp'];
  /** A TxValidationCode: VALID as far as it does not depend on the state, on earlier transactions or on a policy. */
  readonly code: number;
  readonly action: EndorsedAction | undefined;
}

/** Reads an ordered envelope and checks its form, its creator's signature and those of its endorsers. */
export function readTransaction(bytes: Uint8Array, identities: Identities): ChainTransaction {
  const nothing = { bytes, transactionId: '', type: 0, timestamp: undefined, action: undefined };
  const parts = attempt(() => {
    const envelope = common.Envelope.deserializeBinary(bytes);
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = payload.getHeader() ?? new common.Header();
    return {
      envelope,
      payload,
      header,
      channelHeader: common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()),
      signatureHeader: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
    };
  });
  if (parts === undefined) return { ...nothing, code: Code.BAD_PAYLOAD };
  const { channelHeader } = parts;
  const at = channelHeader.getTimestamp();
  const known = {
    ...nothing,
    transactionId: channelHeader.getTxId(),
    type: channelHeader.getType(),
    timestamp: at && { seconds: at.getSeconds(), nanos: at.getNanos() },
  };
  const code = headerCode(parts, identities);
  if (code !== Code.VALID || known.type !== common.HeaderType.ENDORSER_TRANSACTION) return { ...known, code };
  const action = attempt(() => readAction(parts, identities));
  return action === undefined ? { ...known, code: Code.INVALID_ENDORSER_TRANSACTION } : { ...known, code, action };
}

interface Parts {
  readonly envelope: common.Envelope;
  readonly payload: common.Payload;
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: common.SignatureHeader;
}

function headerCode({ envelope, channelHeader, signatureHeader }: Parts, identities: Identities): number {
  const type: number = channelHeader.getType();
  const known = [common.HeaderType.ENDORSER_TRANSACTION, common.HeaderType.CONFIG] as readonly number[];
  if (!known.includes(type) || channelHeader.getEpoch() !== 0 || signatureHeader.getNonce_asU8().length === 0)
    return Code.BAD_COMMON_HEADER;
  if (type === common.HeaderType.CONFIG) return Code.VALID;
  const creator = signatureHeader.getCreator_asU8();
  const signed = { identity: creator, data: envelope.getPayload_asU8(), signature: envelope.getSignature_asU8() };
  if (identities.signer(signed) === undefined) return Code.BAD_CREATOR_SIGNATURE;
  return channelHeader.getTxId() === transactionIdOf(signatureHeader) ? Code.VALID : Code.BAD_PROPOSAL_TXID;
}

/** The only id that a header's nonce and creator can have. */
export function transactionIdOf(header: common.SignatureHeader): string {
  return sha256(header.getNonce_asU8(), header.getCreator_asU8()).toString('hex');
}

/** The hash that ties an endorsement to its proposal: the headers and the payload without the transient data. */
export function proposalHash(header: common.Header, payloadWithoutTransient: Uint8Array): Buffer {
  return sha256(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8(), payloadWithoutTransient);
}

function readAction({ payload, header }: Parts, identities: Identities): EndorsedAction {
  const actions = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  const [only] = actions;
  if (only === undefined || actions.length > 1) throw new Error('not exactly one action');
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(only.getPayload_asU8());
  const endorsed = actionPayload.getAction();
  if (endorsed === undefined) throw new Error('no endorsed action');
  const response = endorsed.getProposalResponsePayload_asU8();
  const responsePayload = peer.ProposalResponsePayload.deserializeBinary(response);
  const expected = proposalHash(header, actionPayload.getChaincodeProposalPayload_asU8());
  if (!expected.equals(responsePayload.getProposalHash_asU8())) throw new Error('endorsed for another proposal');
  const action = peer.ChaincodeAction.deserializeBinary(responsePayload.getExtension_asU8());
  const event = action.getEvents_asU8();
  return {
    chaincode: action.getChaincodeId()?.getName() ?? '',
    endorsers: endorsersOf(endorsed, identities),
    sets: readReadWriteSet(action.getResults_asU8()),
    event: event.length === 0 ? undefined : peer.ChaincodeEvent.deserializeBinary(event),
  };
}

function endorsersOf(endorsed: peer.ChaincodeEndorsedAction, identities: Identities): Member[] {
  const response = endorsed.getProposalResponsePayload_asU8();
  return endorsed
    .getEndorsementsList()
    .map((one) => {
      const identity = one.getEndorser_asU8();
      return identities.signer({ identity, data: Buffer.concat([response, identity]), signature: one.getSignature_asU8() });
    })
    .filter((member) => member !== undefined);
}

/** The value, or undefined when reading it fails: garbage is a code here, not an error. */
export function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
