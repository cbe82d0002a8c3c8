export { MessageTooLargeError } from '@orchestrator/lib';

/** A condition that passes: gRPC UNAVAILABLE, which existing clients retry. The message is for the client. */
export class UnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnavailableError';
  }
}
