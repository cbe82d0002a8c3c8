import { type ConformanceStore, type ConformanceWork, dbalConformance } from '@orchestrator/testing/conformance';
import type { TransactionContext } from '@orchestrator/lib';
import { createLedgerDbal } from './ledger-dbal.ts';
import { LedgerTransaction } from './ledger-transaction.ts';
import { StubLedger, type StubTransaction } from './spec-support.ts';

const MSPID = 'MyOrg1MSP';

interface Channel {
  readonly ledger: StubLedger;
  instant: bigint;
  tail: Promise<unknown>;
}

/** The DBAL over stubs. Writers of a channel run one after the other, as those without a conflict would. */
class StubStore implements ConformanceStore {
  readonly #channels = new Map<string, Channel>();
  #transactions = 0;

  async openChannel(): Promise<string> {
    const name = `channel${this.#channels.size}`;
    this.#channels.set(name, { ledger: new StubLedger(), instant: 1_767_225_600_000_000n, tail: Promise.resolve() });
    return name;
  }

  write<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const { ledger, tail } = this.#require(channel);
    const result = tail.then(async () => {
      const stub = ledger.begin();
      const { transaction, context } = this.#begin(channel, stub, false);
      const answer = await work(createLedgerDbal(transaction, () => undefined), context);
      await transaction.flush();
      ledger.commit(stub);
      return answer;
    });
    this.#require(channel).tail = result.catch(() => undefined);
    return result;
  }

  read<T>(channel: string, work: ConformanceWork<T>): Promise<T> {
    const { transaction, context } = this.#begin(channel, this.#require(channel).ledger.begin(), true);
    return work(createLedgerDbal(transaction, () => undefined), context);
  }

  #begin(channel: string, stub: StubTransaction, readOnly: boolean) {
    const state = this.#require(channel);
    state.instant += 1n;
    this.#transactions += 1;
    // Not in the order of time, as hashes are not.
    const txId = `${((this.#transactions * 7919) % 10_007).toString(16)}x${this.#transactions}`;
    const transaction = new LedgerTransaction({ stub, txId, instant: state.instant, readOnly });
    const context: TransactionContext = { channel, mspid: MSPID, instant: state.instant, eventId: (index) => `${txId}:${index}` };
    return { transaction, context };
  }

  #require(name: string): Channel {
    const channel = this.#channels.get(name);
    if (channel === undefined) throw new Error(`there is no channel ${name}`);
    return channel;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#channels.clear();
  }
}

dbalConformance('the ledger over stubs', async () => new StubStore());
