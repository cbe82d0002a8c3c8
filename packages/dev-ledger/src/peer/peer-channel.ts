import { setTimeout as delay } from 'node:timers/promises';
import { peer } from '@hyperledger/fabric-protos';
import { type ChaincodeDefinition, LIFECYCLE, sequenceKey } from '../chaincode/definitions.ts';
import type { CommittedBlock, OrderedBlock } from '../chain/block.ts';
import type { Chain, Place } from '../chain/chain.ts';
import type { ChainTransaction } from '../chain/transaction.ts';
import type { Faults } from '../faults.ts';
import { validateBlock } from '../state/mvcc.ts';
import { ReadWriteLock } from '../state/read-write-lock.ts';
import { TransactionSimulator } from '../state/simulator.ts';
import { StateDb } from '../state/state-db.ts';
import type { StateRules } from '../state/state-rules.ts';
import { satisfiesPolicies } from './endorsement-policy.ts';

const { DUPLICATE_TXID, ENDORSEMENT_POLICY_FAILURE, VALID } = peer.TxValidationCode;

/** A channel that a peer joins. */
export interface PeerChannelOptions {
  readonly chain: Chain;
  readonly mspids: readonly string[];
  /** The definitions of the channel by name, in force at a peer once it has committed them. */
  readonly definitions: ReadonlyMap<string, ChaincodeDefinition>;
  readonly rules: StateRules;
  readonly faults: Faults;
}

/** A channel at one peer: its state, as far as the peer has committed the chain's blocks. */
export class PeerChannel {
  readonly chain: Chain;
  readonly mspids: readonly string[];
  readonly #definitions: ReadonlyMap<string, ChaincodeDefinition>;
  readonly #state: StateDb;
  readonly #lock = new ReadWriteLock();
  readonly #commitDelayMs: () => number;
  #height = 0;
  #running = false;
  #committing = false;
  #committed = Promise.withResolvers<void>();

  constructor({ chain, mspids, definitions, rules, faults }: PeerChannelOptions, mspid: string) {
    this.chain = chain;
    this.mspids = mspids;
    this.#definitions = definitions;
    this.#state = new StateDb(rules);
    this.#commitDelayMs = () => faults.delayMs('slow-commit', mspid);
  }

  /** The number of blocks that this peer has committed. */
  get height(): number {
    return this.#height;
  }

  /** Commits what was ordered, now and whenever {@link wake} is called, until it is stopped. */
  start(): void {
    this.#running = true;
    this.wake();
  }

  stop(): void {
    this.#running = false;
  }

  /** Blocks may have been ordered. */
  wake(): void {
    if (this.#committing || !this.#running) return;
    this.#committing = true;
    void this.#commitAll().finally(() => {
      this.#committing = false;
      // What was ordered since the loop looked for the last time.
      if (this.chain.ordered(this.#height) !== undefined) this.wake();
    });
  }

  /** Opens a view of the state; commits wait until it is done. */
  async simulate(transactionId: string): Promise<TransactionSimulator> {
    const release = await this.#lock.read();
    const height = this.#height;
    return new TransactionSimulator({
      state: this.#state,
      history: (namespace, key) => this.chain.history.of(namespace, key, height),
      transactionId,
      release,
    });
  }

  definition(name: string): ChaincodeDefinition | undefined {
    return this.#state.get(LIFECYCLE, sequenceKey(name)) === undefined ? undefined : this.#definitions.get(name);
  }

  /** By name. */
  allDefinitions(): ChaincodeDefinition[] {
    const known = [...this.#definitions.values()].filter(({ name }) => this.definition(name) !== undefined);
    return known.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  block(number: number): CommittedBlock | undefined {
    return number < this.#height ? this.chain.committed(number) : undefined;
  }

  /** The first place of a transaction that this peer has committed, valid or not. */
  place(transactionId: string): Place | undefined {
    const place = this.chain.place(transactionId);
    return place !== undefined && place.block < this.#height ? place : undefined;
  }

  /** Resolves after the next commit at this peer. */
  nextCommit(): Promise<void> {
    return this.#committed.promise;
  }

  async #commitAll(): Promise<void> {
    for (let block = this.chain.ordered(this.#height); block !== undefined && this.#running; block = this.chain.ordered(this.#height)) {
      await this.#commit(block);
    }
  }

  async #commit(block: OrderedBlock): Promise<void> {
    const delayMs = this.#commitDelayMs();
    if (delayMs > 0) await delay(delayMs);
    const candidates = block.transactions.map((transaction, index) => ({
      code: this.#codeOf(transaction, { block: block.number, index }),
      sets: transaction.action?.sets ?? [],
    }));
    const { codes, updates } = validateBlock(this.#state, block.number, candidates);
    const release = await this.#lock.write();
    try {
      if (!this.#running) return;
      this.chain.settle(block, codes, () => this.#recordHistory(block, codes));
      this.#state.apply(updates);
      this.chain.applied(block);
      this.#height += 1;
    } finally {
      release();
    }
    const committed = this.#committed;
    this.#committed = Promise.withResolvers();
    committed.resolve();
  }

  #codeOf(transaction: ChainTransaction, at: Place): number {
    if (transaction.code !== VALID) return transaction.code;
    const first = this.chain.place(transaction.transactionId);
    if (first?.block !== at.block || first.index !== at.index) return DUPLICATE_TXID;
    const { action } = transaction;
    if (action === undefined) return VALID;
    return satisfiesPolicies(action, { mspids: this.mspids, definitions: this.#definitions, state: this.#state })
      ? VALID
      : ENDORSEMENT_POLICY_FAILURE;
  }

  #recordHistory(block: OrderedBlock, codes: readonly number[]): void {
    block.transactions.forEach(({ action, transactionId, timestamp }, index) => {
      if (codes[index] !== VALID) return;
      for (const { namespace, writes } of action?.sets ?? []) {
        for (const { key, value } of writes)
          this.chain.history.add(namespace, key, { transactionId, timestamp, value, block: block.number });
      }
    });
  }
}
