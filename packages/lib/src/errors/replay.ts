import { ErrorCode } from './codes.ts';
import { OrchestrationError } from './orchestration-error.ts';

/** The idempotency key was used for another request (OE0006). */
export function conflictingReplay(key: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.Conflict, `idempotency key "${key}" was already used for another request`);
}
