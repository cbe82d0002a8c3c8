import { status } from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';
import type { Orderer } from '../chain/orderer.ts';
import type { GatewayContext } from './endorsers.ts';
import { refusedConnection } from './endorsers.ts';
import { StatusError } from './status-error.ts';

/** The gateway's way to the orderer. */
export interface OrderingContext extends GatewayContext {
  readonly orderer: Orderer;
  readonly ordererAddress: string;
  readonly ordererMspid: string;
}

const NO_ORDERERS = 'no orderers could successfully process transaction';

/** Submit: hands the signed transaction to the orderer; answered when it is taken, before it is in a block. */
export function submit(context: OrderingContext, request: gateway.SubmitRequest): gateway.SubmitResponse {
  const envelope = request.getPreparedTransaction();
  if (envelope === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'a prepared transaction is required');
  if (envelope.getSignature_asU8().length === 0) throw new StatusError(status.INVALID_ARGUMENT, 'prepared transaction must be signed');
  const channel = request.getChannelId();
  const { orderer, faults, local } = context;
  if (local.channel(channel) === undefined) {
    throw new StatusError(
      status.FAILED_PRECONDITION,
      `failed to get config for channel [${channel}]: could not get last config for channel ${channel}`,
    );
  }
  if (!orderer.running || faults.happens('orderer-down', local.mspid)) throw unreachable(context);
  const answer = orderer.broadcast(envelope);
  if (answer.status !== common.Status.SUCCESS) {
    throw new StatusError(
      status.ABORTED,
      `received unsuccessful response from orderer: status=${statusName(answer.status)}, info=${answer.info}`,
    );
  }
  if (faults.happens('answer-lost', local.mspid)) throw new StatusError(status.UNAVAILABLE, NO_ORDERERS);
  return new gateway.SubmitResponse();
}

function unreachable({ ordererAddress, ordererMspid }: OrderingContext): StatusError {
  return new StatusError(status.UNAVAILABLE, NO_ORDERERS, [
    { address: ordererAddress, mspid: ordererMspid, message: refusedConnection(ordererAddress) },
  ]);
}

function statusName(code: number): string {
  return Object.entries(common.Status).find(([, value]) => value === code)?.[0] ?? String(code);
}
