import { peer } from '@hyperledger/fabric-protos';
import { LIFECYCLE } from '../chaincode/definitions.ts';
import type { Faults } from '../faults.ts';
import type { Identities } from '../msp/identities.ts';
import { History } from '../state/history.ts';
import { type CommittedBlock, commitBlock, type OrderedBlock, orderedBlock } from './block.ts';
import { type ChainTransaction, readTransaction } from './transaction.ts';

/** A channel of so many peers. */
export interface ChainOptions {
  readonly channel: string;
  readonly identities: Identities;
  readonly faults: Faults;
  readonly peers: number;
}

/** Where a transaction id first stands. */
export interface Place {
  readonly block: number;
  readonly index: number;
}

/**
 * The blocks of a channel, in their order. All peers of the ledger share them: the first peer that commits a block
 * settles its codes, and the others come to the same. What a peer may know of it ends at that peer's own height.
 */
export class Chain {
  readonly channel: string;
  readonly history = new History();
  readonly #identities: Identities;
  readonly #faults: Faults;
  readonly #peers: number;
  readonly #ordered: OrderedBlock[] = [];
  readonly #committed: CommittedBlock[] = [];
  /** How many peers have committed each block. */
  readonly #commits: number[] = [];
  readonly #places = new Map<string, Place>();
  readonly #byHash = new Map<string, number>();

  constructor({ channel, identities, faults, peers }: ChainOptions) {
    this.channel = channel;
    this.#identities = identities;
    this.#faults = faults;
    this.#peers = peers;
  }

  /** The number of blocks ordered. */
  get length(): number {
    return this.#ordered.length;
  }

  /** Appends a block of these envelopes. */
  append(envelopes: readonly Uint8Array[]): OrderedBlock {
    const number = this.#ordered.length;
    const transactions = envelopes.map((bytes) => this.#read(bytes));
    const block = orderedBlock(number, this.#ordered.at(-1)?.hash ?? new Uint8Array(), transactions);
    this.#ordered.push(block);
    this.#byHash.set(Buffer.from(block.hash).toString('hex'), number);
    transactions.forEach(({ transactionId }, index) => {
      if (!this.#places.has(transactionId)) this.#places.set(transactionId, { block: number, index });
    });
    return block;
  }

  ordered(number: number): OrderedBlock | undefined {
    return this.#ordered[number];
  }

  committed(number: number): CommittedBlock | undefined {
    return this.#committed[number];
  }

  /** The first place of a transaction id, committed or not. */
  place(transactionId: string): Place | undefined {
    return this.#places.get(transactionId);
  }

  numberOf(hash: Uint8Array): number | undefined {
    return this.#byHash.get(Buffer.from(hash).toString('hex'));
  }

  /** A peer commits a block: settles its codes; the first of the peers that calls it also writes the history. */
  settle(block: OrderedBlock, codes: readonly number[], record: () => void): CommittedBlock {
    const settled = this.#committed[block.number] ?? this.#settle(block, codes, record);
    if (settled.codes.some((code, at) => code !== codes[at])) {
      throw new Error(`the peers disagree about block ${block.number} of ${this.channel}`);
    }
    return settled;
  }

  /** A peer has applied a block. */
  applied({ number, transactions }: OrderedBlock): void {
    const commits = (this.#commits[number] ?? 0) + 1;
    this.#commits[number] = commits;
    if (commits < this.#peers) return;
    for (const { action } of transactions) if (action !== undefined) action.sets = [];
  }

  #settle(block: OrderedBlock, codes: readonly number[], record: () => void): CommittedBlock {
    const committed = commitBlock(block, codes, this.#committed[block.number - 1]?.commitHash ?? new Uint8Array());
    this.#committed[block.number] = committed;
    record();
    return committed;
  }

  #read(bytes: Uint8Array): ChainTransaction {
    const transaction = readTransaction(bytes, this.#identities);
    const endorsed = transaction.action !== undefined && transaction.action.chaincode !== LIFECYCLE;
    const conflicts = endorsed && this.#faults.happens('mvcc-conflict');
    return conflicts ? { ...transaction, code: peer.TxValidationCode.MVCC_READ_CONFLICT } : transaction;
  }
}
