import { ErrorCode } from './codes.ts';

/** Longer messages hang the clients of a Fabric gateway. */
const MAX_MESSAGE_CODE_POINTS = 8000;

/**
 * The one error of the business logic. Its message is what the client reads: `<code>: <sentence>`, at most 8,000
 * code points and well-formed (a lone surrogate makes gRPC libraries throw).
 */
export class OrchestrationError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, sentence: string) {
    super(clip(`${code}: ${sentence}`));
    this.name = 'OrchestrationError';
    this.code = code;
  }
}

function clip(text: string): string {
  const wellFormed = text.toWellFormed();
  if (wellFormed.length <= MAX_MESSAGE_CODE_POINTS) return wellFormed;
  return Array.from(wellFormed).slice(0, MAX_MESSAGE_CODE_POINTS).join('');
}

/** The asset `kind` named `key` does not exist in the caller's channel (OE0002). */
export function notFound(kind: string, key: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.NotFound, `${kind} with key "${key}" not found`);
}

/** The asset `kind` named `key` exists already, in the store or in the same batch (OE0006). */
export function conflict(kind: string, key: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.Conflict, `${kind} with key "${key}" already exists`);
}

/** The request cannot be fulfilled in the present state (OE0003). */
export function badRequest(sentence: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.BadRequest, sentence);
}

/** Validation failed (OE0101). */
export function invalidAsset(sentence: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.InvalidAsset, sentence);
}

/** The caller may not do this (OE0102). */
export function permissionDenied(sentence: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.PermissionDenied, sentence);
}

/** The state machine has no such transition (OE0104). Existing clients look for this very sentence. */
export function inappropriateTransition(transition: string, status: string): OrchestrationError {
  return new OrchestrationError(
    ErrorCode.IncompatibleTaskStatus,
    `event ${transition} inappropriate in current state ${status}`,
  );
}
