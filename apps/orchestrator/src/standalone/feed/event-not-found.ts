import { ErrorCode, OrchestrationError } from '@orchestrator/lib';

/** No event of the channel has the id (OE0002). */
export function notFoundEvent(id: string): OrchestrationError {
  return new OrchestrationError(ErrorCode.NotFound, `event with id "${id}" not found`);
}
