const KINDS = ['answer', 'event', 'request', 'transaction'] as const;

const TEXT = /^(\w+) message larger than max \((\d{1,15}) vs\. (\d{1,15})\)$/u;

/** What was too large, and by how much. */
export interface ExcessSize {
  readonly what: (typeof KINDS)[number];
  readonly bytes: number;
  readonly limitBytes: number;
}

/** A message larger than may be sent: gRPC RESOURCE_EXHAUSTED. Existing clients look for "message larger than max". */
export class MessageTooLargeError extends Error {
  constructor({ what, bytes, limitBytes }: ExcessSize) {
    super(`${what} message larger than max (${bytes} vs. ${limitBytes})`);
    this.name = 'MessageTooLargeError';
  }

  /** The error of this message, if it is one's. */
  static parse(message: string): MessageTooLargeError | undefined {
    const [, text, bytes, limitBytes] = TEXT.exec(message) ?? [];
    const what = KINDS.find((kind) => kind === text);
    if (what === undefined) return undefined;
    return new MessageTooLargeError({ what, bytes: Number(bytes), limitBytes: Number(limitBytes) });
  }
}
