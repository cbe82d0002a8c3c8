/** The answer that a writing request with an idempotency key got. */
export interface ReplayedAnswer {
  /** SHA-256, in hex, of procedure and request. */
  readonly digest: string;
  /** The answer in its wire form. */
  readonly answer: Uint8Array;
}

/** Answers kept for safe replay. Scope: the transaction's channel and caller. */
export interface ReplayDbal {
  getAnswer(mspid: string, idempotencyKey: string): Promise<ReplayedAnswer | undefined>;
  storeAnswer(mspid: string, idempotencyKey: string, answer: ReplayedAnswer): void;
}
