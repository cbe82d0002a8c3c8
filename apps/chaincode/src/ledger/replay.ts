import type { ReplayDbal, ReplayedAnswer } from '@orchestrator/lib';
import { encodePart, indexPrefix } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** Kept without end: the ledger has no clock to forget by. */
export class LedgerReplayDbal implements ReplayDbal {
  readonly #transaction: LedgerTransaction;

  constructor(transaction: LedgerTransaction) {
    this.#transaction = transaction;
  }

  async getAnswer(mspid: string, idempotencyKey: string): Promise<ReplayedAnswer | undefined> {
    await this.#transaction.settled();
    const text = await this.#transaction.get(replayKey(mspid, idempotencyKey));
    if (text === undefined) return undefined;
    const { answer, digest } = JSON.parse(text) as { readonly answer: string; readonly digest: string };
    return { digest, answer: new Uint8Array(Buffer.from(answer, 'base64')) };
  }

  storeAnswer(mspid: string, idempotencyKey: string, { answer, digest }: ReplayedAnswer): void {
    const value = { answer: Buffer.from(answer).toString('base64'), digest, doc_type: 'replay' };
    this.#transaction.put(replayKey(mspid, idempotencyKey), JSON.stringify(value));
  }
}

function replayKey(mspid: string, idempotencyKey: string): string {
  const parts = [mspid, idempotencyKey].map(encodePart);
  if (parts.includes(undefined)) throw new Error('the name of the caller or its idempotency key is too long');
  return `${indexPrefix('replay', ...parts.map(String))}`;
}
