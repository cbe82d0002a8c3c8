import { status } from '@grpc/grpc-js';
import { gateway, orderer, peer } from '@hyperledger/fabric-protos';
import type { CommittedBlock } from '../chain/block.ts';
import { walkBlocks } from '../peer/block-walk.ts';
import type { PeerChannel } from '../peer/peer-channel.ts';
import { readableChannel } from './access.ts';
import type { GatewayContext } from './endorsers.ts';
import { StatusError } from './status-error.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

const { VALID } = peer.TxValidationCode;

/** ChaincodeEvents: one response per block that has events of the chaincode, for as long as the caller listens. */
export async function* chaincodeEvents(
  { local, faults }: GatewayContext,
  signed: gateway.SignedChaincodeEventsRequest,
  signal: AbortSignal,
): AsyncGenerator<gateway.ChaincodeEventsResponse> {
  const data = signed.getRequest_asU8();
  if (data.length === 0) throw new StatusError(status.INVALID_ARGUMENT, 'a chaincode events request is required');
  const request = parse(data);
  const channel = readableChannel(local, request.getChannelId(), {
    identity: request.getIdentity_asU8(),
    data,
    signature: signed.getSignature_asU8(),
  });
  const matches = matcher(request);
  for await (const block of walkBlocks(channel, startBlock(channel, request), signal)) {
    const events = eventsOf(block).filter(matches);
    if (events.length === 0) continue;
    const response = new gateway.ChaincodeEventsResponse();
    response.setBlockNumber(block.number);
    response.setEventsList(events);
    yield response;
    if (faults.happens('event-stream-cut', local.mspid)) throw new StatusError(status.UNAVAILABLE, 'the stream was cut');
  }
}

function parse(data: Uint8Array): gateway.ChaincodeEventsRequest {
  try {
    return gateway.ChaincodeEventsRequest.deserializeBinary(data);
  } catch {
    throw new StatusError(status.INVALID_ARGUMENT, `invalid chaincode events request: ${CANNOT_PARSE}`);
  }
}

/** Those of valid transactions only, in their order. */
function eventsOf({ transactions, codes }: CommittedBlock): peer.ChaincodeEvent[] {
  return transactions
    .filter((_, index) => codes[index] === VALID)
    .map(({ action }) => action?.event)
    .filter((event) => event !== undefined);
}

/**
 * After a transaction id, everything is skipped up to an event of that transaction, of whatever chaincode: an id without
 * an event on this ledger means silence for ever.
 */
function matcher(request: gateway.ChaincodeEventsRequest): (event: peer.ChaincodeEvent) => boolean {
  const [chaincode, after] = [request.getChaincodeId(), request.getAfterTransactionId()];
  let passed = after === '';
  return (event) => {
    if (passed) return event.getChaincodeId() === chaincode;
    passed = event.getTxId() === after;
    return false;
  };
}

function startBlock(channel: PeerChannel, request: gateway.ChaincodeEventsRequest): number {
  const after = request.getAfterTransactionId();
  const place = after === '' ? undefined : channel.place(after);
  if (place !== undefined) return place.block;
  const position = request.getStartPosition();
  const { TypeCase } = orderer.SeekPosition;
  switch (position?.getTypeCase() ?? TypeCase.TYPE_NOT_SET) {
    case TypeCase.SPECIFIED:
      return position?.getSpecified()?.getNumber() ?? 0;
    case TypeCase.OLDEST:
      throw new StatusError(status.INVALID_ARGUMENT, 'invalid start position type: *orderer.SeekPosition_Oldest');
    case TypeCase.NEWEST:
      throw new StatusError(status.INVALID_ARGUMENT, 'invalid start position type: *orderer.SeekPosition_Newest');
    default:
      return channel.height;
  }
}
