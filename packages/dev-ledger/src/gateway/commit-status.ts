import { status } from '@grpc/grpc-js';
import { gateway } from '@hyperledger/fabric-protos';
import type { PeerChannel } from '../peer/peer-channel.ts';
import { readableChannel } from './access.ts';
import type { GatewayContext } from './endorsers.ts';
import { StatusError } from './status-error.ts';
import { CANNOT_PARSE } from '../wire-text.ts';

/** CommitStatus: waits until the transaction is in a block at this peer, or for as long as the caller does. */
export async function commitStatus(
  { local, faults }: GatewayContext,
  signed: gateway.SignedCommitStatusRequest,
  signal: AbortSignal,
): Promise<gateway.CommitStatusResponse> {
  const data = signed.getRequest_asU8();
  if (data.length === 0) throw new StatusError(status.INVALID_ARGUMENT, 'a commit status request is required');
  const request = parse(data);
  const channel = readableChannel(local, request.getChannelId(), {
    identity: request.getIdentity_asU8(),
    data,
    signature: signed.getSignature_asU8(),
  });
  const { block, code } = await settled(channel, request.getTransactionId(), signal);
  if (faults.happens('status-lost', local.mspid)) throw new StatusError(status.UNAVAILABLE, 'transport is closing');
  const response = new gateway.CommitStatusResponse();
  response.setBlockNumber(block);
  response.setResult(code as ReturnType<gateway.CommitStatusResponse['getResult']>);
  return response;
}

function parse(data: Uint8Array): gateway.CommitStatusRequest {
  try {
    return gateway.CommitStatusRequest.deserializeBinary(data);
  } catch {
    throw new StatusError(status.INVALID_ARGUMENT, `invalid status request: ${CANNOT_PARSE}`);
  }
}

async function settled(channel: PeerChannel, id: string, signal: AbortSignal): Promise<{ readonly block: number; readonly code: number }> {
  for (;;) {
    const place = channel.place(id);
    if (place !== undefined) return { block: place.block, code: channel.block(place.block)?.codes[place.index] ?? 0 };
    await Promise.race([channel.nextCommit(), aborted(signal)]);
    signal.throwIfAborted();
  }
}

/** Resolves when the signal aborts; the listener goes with the signal, which lives as long as its call. */
function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
