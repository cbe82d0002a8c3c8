import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';
import anyMessages from 'google-protobuf/google/protobuf/any_pb.js';

/** What one node said. */
export interface Detail {
  readonly address: string;
  readonly mspid: string;
  readonly message: string;
}

/** A gRPC status, with the gateway's details if there are any. */
export class StatusError extends Error {
  readonly code: status;
  readonly details: readonly Detail[];

  constructor(code: status, message: string, details: readonly Detail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

const MASKED = 'internal error of the development ledger';

/** The error as grpc-js sends it. */
export function toServiceError(error: unknown): Partial<ServiceError> {
  if (!(error instanceof StatusError))
    return { code: status.INTERNAL, details: `${MASKED}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` };
  const metadata = new Metadata();
  if (error.details.length > 0) metadata.set('grpc-status-details-bin', Buffer.from(richStatus(error).serializeBinary()));
  // A text that ends with a space does not survive the HTTP/2 header of Fabric's own server.
  return { code: error.code, details: error.message.endsWith(' ') ? '' : error.message, metadata };
}

function richStatus({ code, message, details }: StatusError): google.rpc.Status {
  const rich = new google.rpc.Status();
  rich.setCode(code);
  rich.setMessage(message);
  rich.setDetailsList(
    details.map((detail) => {
      const message = new gateway.ErrorDetail();
      message.setAddress(detail.address);
      message.setMspId(detail.mspid);
      message.setMessage(detail.message);
      const any = new anyMessages.Any();
      any.setTypeUrl('type.googleapis.com/gateway.ErrorDetail');
      any.setValue(message.serializeBinary());
      return any;
    }),
  );
  return rich;
}
