import { Metadata, status } from '@grpc/grpc-js';
import type { StatusObject } from '@grpc/grpc-js';
import { ErrorCode, OrchestrationError } from '@orchestrator/lib';
import { MessageTooLargeError, UnavailableError } from '../errors.ts';
import { CallEndedError } from './call-scope.ts';

const statusByCode = {
  [ErrorCode.ByteArray]: status.INTERNAL,
  [ErrorCode.NotFound]: status.NOT_FOUND,
  [ErrorCode.BadRequest]: status.FAILED_PRECONDITION,
  [ErrorCode.Conflict]: status.ALREADY_EXISTS,
  [ErrorCode.Internal]: status.INTERNAL,
  [ErrorCode.Unimplemented]: status.UNIMPLEMENTED,
  [ErrorCode.InvalidAsset]: status.INVALID_ARGUMENT,
  [ErrorCode.PermissionDenied]: status.PERMISSION_DENIED,
  [ErrorCode.IncompatibleTaskStatus]: status.INVALID_ARGUMENT,
  [ErrorCode.CannotDisableModel]: status.INVALID_ARGUMENT,
  [ErrorCode.MissingTaskOutput]: status.INVALID_ARGUMENT,
  [ErrorCode.IncompatibleKind]: status.INVALID_ARGUMENT,
  [ErrorCode.CannotDisableOutput]: status.FAILED_PRECONDITION,
  [ErrorCode.TerminatedComputePlan]: status.FAILED_PRECONDITION,
  [ErrorCode.TerminatedComputeTask]: status.FAILED_PRECONDITION,
} as const satisfies Record<ErrorCode, status>;

/** How a call ends. */
export interface CallStatus {
  readonly code: status;
  readonly message: string;
  /** Nobody foresaw the error: the message is masked, and the error belongs into the log. */
  readonly unexpected: boolean;
}

export const okStatus: CallStatus = { code: status.OK, message: '', unexpected: false };

/** The status that an error becomes. An unexpected one gives nothing away but the request id. */
export function toCallStatus(error: unknown, requestId: string): CallStatus {
  if (error instanceof OrchestrationError) return expected(statusByCode[error.code], error.message);
  if (error instanceof UnavailableError) return expected(status.UNAVAILABLE, error.message);
  if (error instanceof MessageTooLargeError) return expected(status.RESOURCE_EXHAUSTED, error.message);
  if (error instanceof CallEndedError) return expected(error.status, error.message);
  const masked = new OrchestrationError(ErrorCode.Internal, `internal error, request ${requestId}`);
  return { code: status.INTERNAL, message: masked.message, unexpected: true };
}

function expected(code: status, message: string): CallStatus {
  return { code, message, unexpected: false };
}

/**
 * Clients built on the C core (Python's among them) refuse headers and trailers above 8 KiB, each entry counted with
 * 32 bytes more, and report RESOURCE_EXHAUSTED instead of the status. This leaves room for `grpc-status`.
 */
const MAX_ENCODED_MESSAGE_BYTES = 8000;

/** What may stand unescaped in `grpc-message`. */
const plainCharacter = /[ -$&-~]/;

/** Percent-encodes a status message as gRPC asks for, cut so that every client can take it. */
export function encodeMessage(message: string): string {
  let encoded = '';
  for (const character of message.toWellFormed()) {
    const next = plainCharacter.test(character) ? character : percentEncode(character);
    if (encoded.length + next.length > MAX_ENCODED_MESSAGE_BYTES) break;
    encoded += next;
  }
  // HTTP/2 libraries drop a header that begins or ends with a space.
  return encoded.replaceAll(/^ | $/g, '%20');
}

function percentEncode(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('');
}

/** Above this a status has a frame of its own, or the other headers of the frame would make it too large. */
const MAX_TRAILERS_ONLY_BYTES = 4000;

/** A status in the form that the gRPC library sends. */
export interface WireStatus extends StatusObject {
  /** Whether the initial metadata must go first, in a frame of their own. */
  readonly ownFrame: boolean;
}

/**
 * The library would escape spaces and quotes too, which makes a long message half as long again; a `grpc-message`
 * in the trailers replaces its own.
 */
export function toWireStatus(callStatus: CallStatus): WireStatus {
  const encoded = encodeMessage(callStatus.message);
  const metadata = new Metadata();
  metadata.set('grpc-message', encoded);
  return {
    code: callStatus.code,
    details: decodeURIComponent(encoded),
    metadata,
    ownFrame: encoded.length > MAX_TRAILERS_ONLY_BYTES,
  };
}
