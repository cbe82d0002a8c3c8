import { createHash } from 'node:crypto';
import { replayContent } from '@orchestrator/lib';
import type { LedgerCall } from './ledger-call.ts';

/** A transaction whose answer, endorsed by all, no client has heard. */
export interface UnheardAnswer {
  readonly transactionId: string;
  /** In its wire form: what the request came to, if the transaction is committed. */
  readonly answer: Uint8Array;
}

interface Kept {
  readonly unheard: UnheardAnswer;
  readonly sinceMs: number;
}

/** A client that has not asked again by then has given up. */
const LIFETIME_MS = 600_000;

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 67_108_864;

/**
 * The answers of transactions that were handed to the ledger and whose end the client did not hear: the ledger did not
 * say in time, or the client was cut off. When the same request comes again it may meet its own earlier success; the
 * answer then is that success. Requests with an idempotency key do without: the chaincode knows theirs.
 */
export class UnheardAnswers {
  readonly #kept = new Map<string, Kept[]>();
  #bytes = 0;

  /** How many requests are remembered. */
  get size(): number {
    return this.#kept.size;
  }

  remember(call: LedgerCall, unheard: UnheardAnswer): void {
    if (call.caller.idempotencyKey !== undefined) return;
    const key = contentOf(call);
    const kept = this.#kept.get(key) ?? [];
    kept.push({ unheard, sinceMs: Date.now() });
    // Behind the others: the oldest go first.
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    this.#bytes += unheard.answer.length;
    this.#forgetOld();
  }

  /** What the same request came to before, oldest first; nothing in most cases. */
  find(call: LedgerCall): readonly UnheardAnswer[] {
    if (this.#kept.size === 0 || call.caller.idempotencyKey !== undefined) return [];
    this.#forgetOld();
    return (this.#kept.get(contentOf(call)) ?? []).map(({ unheard }) => unheard);
  }

  /** Somebody has heard the answer. */
  forget(call: LedgerCall): void {
    if (this.#kept.size > 0) this.#delete(contentOf(call));
  }

  #forgetOld(): void {
    const oldestMs = Date.now() - LIFETIME_MS;
    for (const [key, kept] of this.#kept) {
      const isOld = (kept.at(-1)?.sinceMs ?? 0) < oldestMs;
      if (!isOld && this.#kept.size <= MAX_ENTRIES && this.#bytes <= MAX_BYTES) return;
      this.#delete(key);
    }
  }

  #delete(key: string): void {
    for (const { unheard } of this.#kept.get(key) ?? []) this.#bytes -= unheard.answer.length;
    this.#kept.delete(key);
  }
}

/** Equal for requests of one organization that ask for the same. */
function contentOf({ procedure, request, caller, chaincode }: LedgerCall): string {
  const hash = createHash('sha256').update(JSON.stringify([caller.channel, chaincode, caller.mspid]));
  return hash.update(replayContent(procedure, request)).digest('base64');
}
