import { status } from '@grpc/grpc-js';
import {
  type Commit,
  type Contract,
  type Gateway,
  GatewayError,
  type Status,
  StatusCode,
  type Transaction,
} from '@hyperledger/fabric-gateway';
import { badRequest, type Event } from '@orchestrator/lib';
import { UnavailableError } from '../../errors.ts';
import { traced } from '../../tracing/tracing.ts';
import type { CallBudget } from './call-budget.ts';
import { askForCommit } from './commit-status.ts';
import { classify, type Failure } from './gateway-error.ts';
import { type LedgerClock, stampProposal } from './ledger-clock.ts';
import { eventsOf } from './transaction-events.ts';
import type { UnheardAnswer } from './unheard-answers.ts';

/** How long a first look at the fate of a transaction takes that may not have reached the orderer. */
const FIRST_LOOK_MS = 500;

/** One wait for a commit: a connection that died silently is found out by the next. */
const STATUS_WAIT_MS = 5000;

/** Ends of a transaction after which a new proposal may succeed: somebody else was faster, or the chaincode changed. */
const CONFLICTS: readonly number[] = [
  StatusCode.MVCC_READ_CONFLICT,
  StatusCode.PHANTOM_READ_CONFLICT,
  StatusCode.EXPIRED_CHAINCODE,
  StatusCode.CHAINCODE_VERSION_CONFLICT,
];

/** A transaction that was handed over, and of which nobody knows whether it is committed. */
export class UnknownFateError extends UnavailableError {
  readonly pending: UnheardAnswer;

  constructor(pending: UnheardAnswer, cause: unknown) {
    super('the ledger did not say in time whether the request was carried out: it may have been', { cause });
    this.name = 'UnknownFateError';
    this.pending = pending;
  }
}

/** What a transaction came to. */
export type Outcome =
  | {
      readonly kind: 'committed';
      readonly answer: Uint8Array;
      readonly transactionId: string;
      readonly blockNumber: bigint;
      /** Read only when they are asked for. */
      readonly events: Iterable<Event>;
    }
  | {
      readonly kind: 'conflict';
      /** Others were faster, or the peers saw different states. */
      readonly reason: 'lost' | 'disagreement';
      readonly error: Error;
    };

export interface LedgerTransactionOptions {
  readonly gateway: Gateway;
  readonly channel: string;
  readonly contract: Contract;
  /** Name of the function, without the contract's. */
  readonly method: string;
  readonly argument: string;
  /** Reads the answer that was endorsed; what it throws keeps the transaction from being submitted. */
  readonly readAnswer: (result: Uint8Array) => Uint8Array;
  readonly clock: LedgerClock;
  readonly budget: CallBudget;
  readonly observer: TransactionObserver;
}

/** Hears what happens to transactions. */
export interface TransactionObserver {
  /** It became unclear whether a transaction arrived. */
  ambiguous(): void;
  /** What became of it. */
  resolved(fate: 'committed' | 'invalid' | 'unknown'): void;
}

/**
 * One proposal on its way onto the ledger: endorsed, submitted, and followed until its fate is known.
 *
 * Nothing is ever applied twice: what is sent again is the same transaction, and a ledger takes a transaction id once.
 */
export class LedgerTransaction {
  readonly #options: LedgerTransactionOptions;
  /** The orderer may have it. */
  #isHandedOver = false;
  #isAmbiguous = false;

  constructor(options: LedgerTransactionOptions) {
    this.#options = options;
  }

  /**
   * @throws GatewayError while nothing is handed over to the orderer; UnknownFateError; OrchestrationError when the ledger
   *   holds the transaction to be invalid for good.
   */
  async run(): Promise<Outcome> {
    const transaction = await this.#endorse();
    const { gateway, channel, observer, readAnswer } = this.#options;
    const answer = readAnswer(transaction.getResult());
    const transactionId = transaction.getTransactionId();
    const commit = askForCommit({ gateway, channel, transactionId });
    const fate = await this.#fate(transaction, commit).catch((error: unknown) => {
      if (!this.#isHandedOver) throw error;
      observer.resolved('unknown');
      throw new UnknownFateError({ transactionId, answer }, error);
    });
    if (!fate.successful) return toConflict(fate);
    const { blockNumber } = fate;
    return { kind: 'committed', answer, transactionId, blockNumber, events: eventsOf(transaction) };
  }

  async #fate(transaction: Transaction, commit: Commit): Promise<Status> {
    const fate = (await this.#submit(transaction, commit)) ?? (await this.#awaitStatus(commit));
    if (this.#isAmbiguous) this.#options.observer.resolved(fate.successful ? 'committed' : 'invalid');
    return fate;
  }

  #endorse(): Promise<Transaction> {
    const { gateway, contract, method, argument, clock, budget } = this.#options;
    const unsigned = contract.newProposal(method, { arguments: [argument] });
    const proposal = gateway.newProposal(stampProposal(unsigned.getBytes(), clock.next()));
    return traced({ name: 'endorse' }, () => proposal.endorse({ deadline: budget.deadlineMs }));
  }

  /** Hands the transaction to the orderer. @returns its status, when that was learnt on the way. */
  async #submit(transaction: Transaction, commit: Commit): Promise<Status | undefined> {
    const { budget } = this.#options;
    for (;;) {
      try {
        await traced({ name: 'order' }, () => transaction.submit({ deadline: budget.deadlineMs }));
        this.#isHandedOver = true;
        return undefined;
      } catch (error) {
        const failure = classify(error);
        if (!this.#isAmbiguous && !mayHaveArrived(failure)) throw error;
        this.#becameAmbiguous();
        const known = await this.#look(commit);
        if (known !== undefined) return known;
        await budget.pause(toError(error));
      }
    }
  }

  async #look(commit: Commit): Promise<Status | undefined> {
    try {
      return await commit.getStatus({ deadline: this.#options.budget.within(FIRST_LOOK_MS) });
    } catch {
      return undefined;
    }
  }

  async #awaitStatus(commit: Commit): Promise<Status> {
    const { budget } = this.#options;
    for (;;) {
      try {
        return await traced({ name: 'wait for the commit' }, () => commit.getStatus({ deadline: budget.within(STATUS_WAIT_MS) }));
      } catch (error) {
        if (classify(error)?.kind === 'refused') throw error;
        if (!isOverdue(error)) this.#becameAmbiguous();
        await budget.pause(toError(error));
      }
    }
  }

  #becameAmbiguous(): void {
    if (!this.#isAmbiguous) this.#options.observer.ambiguous();
    this.#isAmbiguous = true;
    this.#isHandedOver = true;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** Ordering takes its time: nothing is lost yet. */
function isOverdue(error: unknown): boolean {
  return error instanceof GatewayError && error.code === (status.DEADLINE_EXCEEDED as number);
}

/** A failure that nobody understands may have carried everything. */
function mayHaveArrived(failure: Failure | undefined): boolean {
  if (failure === undefined) return true;
  return failure.kind === 'outage' ? failure.sent : false;
}

/** @throws OrchestrationError when a new proposal would fare no better. */
function toConflict({ code }: Status): Outcome {
  if (CONFLICTS.includes(code)) {
    const error = new UnavailableError('the request conflicts with others that run at the same time, try again later');
    return { kind: 'conflict', reason: 'lost', error };
  }
  throw badRequest(`the ledger holds the transaction to be invalid: ${statusName(code)}`);
}

function statusName(code: number): string {
  const [name] = Object.entries(StatusCode).find(([, value]) => value === code) ?? [];
  return name ?? `code ${code}`;
}
