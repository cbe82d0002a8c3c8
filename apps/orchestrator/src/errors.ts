/** A condition that passes: gRPC UNAVAILABLE, which existing clients retry. The message is for the client. */
export class UnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnavailableError';
  }
}

/** An answer larger than the server may send: gRPC RESOURCE_EXHAUSTED. */
export class MessageTooLargeError extends Error {
  constructor(sizeBytes: number, limitBytes: number) {
    super(`answer message larger than max (${sizeBytes} vs. ${limitBytes})`);
    this.name = 'MessageTooLargeError';
  }
}
