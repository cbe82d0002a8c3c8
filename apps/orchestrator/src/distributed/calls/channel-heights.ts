import type { CallBudget } from './call-budget.ts';

/** The last transaction of this server that is committed in a channel. */
export interface CommittedTransaction {
  readonly blockNumber: bigint;
  readonly transactionId: string;
}

/** Asks a peer, until the deadline, whether it has a transaction. It rejects when the peer does not say. */
export type AwaitTransaction = (transactionId: string, deadlineMs: number) => Promise<void>;

interface Caller {
  readonly channel: string;
  readonly mspid: string;
  readonly budget: CallBudget;
}

/** A peer that lags this much is asked as it is. */
const PATIENCE_MS = 2000;

/**
 * How far the peers have come that one server uses. What it has answered every later request of it shall see, also one
 * of another organization, whose peer may be a block behind. With one identity there is nothing to wait for.
 */
export class ChannelHeights {
  readonly #committed = new Map<string, CommittedTransaction>();
  readonly #reached = new Map<string, bigint>();
  readonly #waits = new Map<string, Promise<void>>();

  /** The peer of `mspid` has told that a transaction is committed. */
  committed(channel: string, mspid: string, transaction: CommittedTransaction): void {
    const known = this.#committed.get(channel);
    if (known === undefined || known.blockNumber < transaction.blockNumber) this.#committed.set(channel, transaction);
    this.#reach(`${channel}\n${mspid}`, transaction.blockNumber);
  }

  /** Waits until the peer of `mspid` has what other peers are known to have, or for a while. */
  async caughtUp({ channel, mspid, budget }: Caller, awaitTransaction: AwaitTransaction): Promise<void> {
    const last = this.#committed.get(channel);
    const key = `${channel}\n${mspid}`;
    if (last === undefined || (this.#reached.get(key) ?? -1n) >= last.blockNumber) return;
    const wait = this.#waits.get(key) ?? this.#wait(key, last, awaitTransaction(last.transactionId, budget.within(PATIENCE_MS)));
    await wait;
  }

  #wait(key: string, { blockNumber }: CommittedTransaction, asked: Promise<void>): Promise<void> {
    const wait = asked
      .then(
        () => this.#reach(key, blockNumber),
        // It answers as far as it has come.
        () => undefined,
      )
      .finally(() => this.#waits.delete(key));
    this.#waits.set(key, wait);
    return wait;
  }

  #reach(key: string, blockNumber: bigint): void {
    if ((this.#reached.get(key) ?? -1n) < blockNumber) this.#reached.set(key, blockNumber);
  }
}
