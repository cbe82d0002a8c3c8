/** A condition that passes: gRPC UNAVAILABLE, which existing clients retry. The message is for the client. */
export class UnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UnavailableError';
  }
}

/** A message larger than may be sent: gRPC RESOURCE_EXHAUSTED. Existing clients look for "message larger than max". */
export class MessageTooLargeError extends Error {
  constructor(size: { readonly what: 'answer' | 'event'; readonly bytes: number; readonly limitBytes: number }) {
    super(`${size.what} message larger than max (${size.bytes} vs. ${size.limitBytes})`);
    this.name = 'MessageTooLargeError';
  }
}
