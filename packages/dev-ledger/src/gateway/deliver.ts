import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { blockMessage, type CommittedBlock } from '../chain/block.ts';
import { attempt } from '../chain/transaction.ts';
import { walkBlocks } from '../peer/block-walk.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import type { Peer } from '../peer/peer.ts';
import { mayRead } from './access.ts';

const TIME_WINDOW_MS = 15 * 60_000;
const { BAD_REQUEST, FORBIDDEN, NOT_FOUND, SUCCESS } = common.Status;
const { VALID } = peer.TxValidationCode;
/** A stop position for ever. */
const LAST_NUMBER = Number.MAX_SAFE_INTEGER;

/** The methods of protos.Deliver. */
export type DeliverKind = 'Deliver' | 'DeliverFiltered' | 'DeliverWithPrivateData';

interface Seek {
  readonly channel: PeerChannel;
  readonly start: number;
  readonly stop: number;
}

/** Answers one request of protos.Deliver: the blocks asked for and then a status, or only a status. */
export async function* deliver(
  local: Peer,
  { kind, envelope, signal }: { readonly kind: DeliverKind; readonly envelope: common.Envelope; readonly signal: AbortSignal },
): AsyncGenerator<peer.DeliverResponse> {
  const seek = readSeek(local, envelope);
  if (typeof seek === 'number') {
    yield statusResponse(seek);
    return;
  }
  const { channel, start, stop } = seek;
  for await (const block of walkBlocks(channel, start, signal)) {
    yield blockResponse(channel, block, kind);
    if (block.number >= stop) break;
  }
  if (!signal.aborted) yield statusResponse(SUCCESS);
}

function readSeek(local: Peer, envelope: common.Envelope): Seek | number {
  const parts = attempt(() => {
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = payload.getHeader() ?? new common.Header();
    return {
      payload,
      channelHeader: common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()),
      signatureHeader: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
    };
  });
  if (parts === undefined || !isRecent(parts.channelHeader)) return BAD_REQUEST;
  const channel = local.channel(parts.channelHeader.getChannelId());
  if (channel === undefined) return NOT_FOUND;
  const signed = {
    identity: parts.signatureHeader.getCreator_asU8(),
    data: envelope.getPayload_asU8(),
    signature: envelope.getSignature_asU8(),
  };
  const known = local.identities.identify(signed.identity);
  if (!mayRead(local, channel, signed) || (known.kind !== 'unknown' && known.expiresAtMs < Date.now())) return FORBIDDEN;
  const info = attempt(() => orderer.SeekInfo.deserializeBinary(parts.payload.getData_asU8()));
  return info === undefined ? BAD_REQUEST : positions(channel, info);
}

function positions(channel: PeerChannel, info: orderer.SeekInfo): Seek | number {
  const [from, to] = [info.getStart(), info.getStop()];
  if (from === undefined || to === undefined) return BAD_REQUEST;
  const start = positionOf(from, channel);
  const stop = positionOf(to, channel);
  if (stop < start) return BAD_REQUEST;
  const late = info.getBehavior() === orderer.SeekInfo.SeekBehavior.FAIL_IF_NOT_READY && start >= channel.height;
  return start > channel.height || late ? NOT_FOUND : { channel, start, stop };
}

function positionOf(position: orderer.SeekPosition, channel: PeerChannel): number {
  const { TypeCase } = orderer.SeekPosition;
  switch (position.getTypeCase()) {
    case TypeCase.OLDEST:
      return 0;
    case TypeCase.NEWEST:
      return channel.height - 1;
    case TypeCase.SPECIFIED:
      return Math.min(position.getSpecified()?.getNumber() ?? 0, LAST_NUMBER);
    default:
      return channel.height;
  }
}

function isRecent(header: common.ChannelHeader): boolean {
  const at = header.getTimestamp();
  return at !== undefined && Math.abs(at.getSeconds() * 1000 - Date.now()) <= TIME_WINDOW_MS;
}

function statusResponse(code: number): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  response.setStatus(code as ReturnType<peer.DeliverResponse['getStatus']>);
  return response;
}

function blockResponse(channel: PeerChannel, block: CommittedBlock, kind: DeliverKind): peer.DeliverResponse {
  const response = new peer.DeliverResponse();
  if (kind === 'DeliverFiltered') response.setFilteredBlock(filteredBlock(channel, block));
  else if (kind === 'Deliver') response.setBlock(blockMessage(block));
  else {
    const both = new peer.BlockAndPrivateData();
    both.setBlock(blockMessage(block));
    response.setBlockAndPrivateData(both);
  }
  return response;
}

/** Ids and codes; of an event its names, not its payload. */
function filteredBlock({ chain }: PeerChannel, { number, transactions, codes }: CommittedBlock): peer.FilteredBlock {
  const filtered = new peer.FilteredBlock();
  filtered.setChannelId(chain.channel);
  filtered.setNumber(number);
  transactions.forEach(({ transactionId, type, action }, index) => {
    const one = new peer.FilteredTransaction();
    one.setTxid(transactionId);
    one.setType(type as ReturnType<peer.FilteredTransaction['getType']>);
    one.setTxValidationCode((codes[index] ?? VALID) as ReturnType<peer.FilteredTransaction['getTxValidationCode']>);
    if (type === common.HeaderType.ENDORSER_TRANSACTION)
      one.setTransactionActions(filteredActions(codes[index] === VALID ? action?.event : undefined));
    filtered.addFilteredTransactions(one);
  });
  return filtered;
}

function filteredActions(event: peer.ChaincodeEvent | undefined): peer.FilteredTransactionActions {
  const actions = new peer.FilteredTransactionActions();
  if (event === undefined) return actions;
  const bare = new peer.ChaincodeEvent();
  bare.setChaincodeId(event.getChaincodeId());
  bare.setTxId(event.getTxId());
  bare.setEventName(event.getEventName());
  const action = new peer.FilteredChaincodeAction();
  action.setChaincodeEvent(bare);
  actions.addChaincodeActions(action);
  return actions;
}
