import { common, peer } from '@hyperledger/fabric-protos';

/** The chaincode event of a transaction that took effect. */
export interface ChaincodeEventContent {
  readonly chaincode: string;
  readonly name: string;
  readonly payload: Uint8Array;
}

/** What a block tells of itself. */
export interface BlockHeaderContent {
  readonly number: bigint;
  /** Hex; of the block's content. */
  readonly dataHash: string;
}

/** @throws for bytes that are no block. */
export function readBlockHeader(block: common.Block): BlockHeaderContent {
  const header = block.getHeader();
  if (header === undefined) throw new Error('a block without a header');
  return { number: BigInt(header.getNumber()), dataHash: Buffer.from(header.getDataHash_asU8()).toString('hex') };
}

/**
 * The event that the valid transaction of that id set; undefined when the block has no such transaction, or one that was
 * found invalid, or one without an event.
 */
export function findTransactionEvent(block: common.Block, transactionId: string): ChaincodeEventContent | undefined {
  const codes = block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.TRANSACTIONS_FILTER] ?? new Uint8Array();
  const envelopes = block.getData()?.getDataList_asU8() ?? [];
  for (const [index, bytes] of envelopes.entries()) {
    // An id may be there again, as an invalid duplicate.
    if (codes[index] !== peer.TxValidationCode.VALID) continue;
    const payload = common.Payload.deserializeBinary(common.Envelope.deserializeBinary(bytes).getPayload_asU8());
    const header = common.ChannelHeader.deserializeBinary(payload.getHeader()?.getChannelHeader_asU8() ?? new Uint8Array());
    if (header.getTxId() !== transactionId || header.getType() !== common.HeaderType.ENDORSER_TRANSACTION) continue;
    return readEvent(payload.getData_asU8());
  }
  return undefined;
}

function readEvent(transaction: Uint8Array): ChaincodeEventContent | undefined {
  const [action] = peer.Transaction.deserializeBinary(transaction).getActionsList();
  if (action === undefined) return undefined;
  const endorsed = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()).getAction();
  if (endorsed === undefined) return undefined;
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  const bytes = peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()).getEvents_asU8();
  if (bytes.length === 0) return undefined;
  const event = peer.ChaincodeEvent.deserializeBinary(bytes);
  return { chaincode: event.getChaincodeId(), name: event.getEventName(), payload: event.getPayload_asU8() };
}
