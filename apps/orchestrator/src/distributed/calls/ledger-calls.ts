import {
  contractName,
  formatInvocation,
  MessageTooLargeError,
  OrchestrationError,
  parseAnswer,
  type Procedure,
} from '@orchestrator/lib';
import { UnavailableError } from '../../errors.ts';
import type { UnaryCall } from '../../mode.ts';
import type { PeerConnection } from '../peers/peer-connection.ts';
import { CallBudget } from './call-budget.ts';
import { ChannelHeights } from './channel-heights.ts';
import { ConflictLines } from './conflict-lines.ts';
import { askForCommit } from './commit-status.ts';
import { classify } from './gateway-error.ts';
import { LedgerClock } from './ledger-clock.ts';
import { LedgerTransaction, type Outcome, type TransactionObserver, UnknownFateError } from './ledger-transaction.ts';
import { Places } from './places.ts';
import { learnFrom, linesOf, TaskPlans } from './touched-lines.ts';

export interface LedgerCallsSettings {
  /** Longest time of a call, retries included. */
  readonly timeoutMs: number;
  /** Most calls under way at a peer, of each kind. */
  readonly maxEvaluates: number;
  readonly maxSubmits: number;
  /** Most calls that wait at a peer, of each kind, and in a line. */
  readonly queueLimit: number;
  /** Largest answer, in its wire form. */
  readonly maxAnswerBytes: number;
}

/** Hears of calls and what they cost. */
export interface LedgerObserver extends TransactionObserver {
  /** A proposal was sent for a call. */
  attempted(procedure: Procedure): void;
  /** A call lost against others, at the commit or because the peers did not agree. */
  conflicted(): void;
  /** A call is tried again. */
  retried(): void;
  finished(procedure: Procedure, outcome: 'committed' | 'refused' | 'failed'): void;
}

/** What calls need of the connection to a peer: it may change between two attempts. */
export type LedgerPeer = Pick<PeerConnection, 'mspid' | 'gateway' | 'client' | 'network'>;

/** The peers by organization. */
export interface LedgerPeers {
  /** @throws OrchestrationError OE0102 for an organization that this server does not speak for. */
  require(mspid: string): LedgerPeer;
}

/** Follows whether transactions can be ordered. */
export interface OrderingObserver {
  reached(): void;
  missed(where: { readonly client: LedgerPeer['client']; readonly channel: string }): void;
}

export interface LedgerCallsOptions {
  readonly peers: LedgerPeers;
  readonly settings: LedgerCallsSettings;
  readonly observer: LedgerObserver;
  readonly ordering: OrderingObserver;
}

/** A call with the chaincode that it goes to. */
export interface LedgerCall extends UnaryCall {
  readonly chaincode: string;
}

interface Attempt {
  readonly call: LedgerCall;
  readonly connection: LedgerPeer;
  readonly argument: string;
  readonly budget: CallBudget;
}

/** Of what is out of reach a call is tried so often. */
const OUTAGE_ATTEMPTS = 3;

/** A call that lost so often lets no newcomer try before it. */
const CONFLICTS_TO_CLOSE = 3;

/** Peers that do not agree so often do not run the same chaincode. */
const MAX_DISAGREEMENTS = 20;

/** A proposal travels twice in an endorsement, whose limit at a peer is 100 MiB. */
const MAX_ARGUMENT_BYTES = 48 * 1024 * 1024;

/** Turns calls into evaluations and transactions of the chaincode. */
export class LedgerCalls {
  readonly #peers: LedgerPeers;
  readonly #settings: LedgerCallsSettings;
  readonly #observer: LedgerObserver;
  readonly #ordering: OrderingObserver;
  readonly #clock = new LedgerClock();
  readonly #heights = new ChannelHeights();
  readonly #plans = new TaskPlans();
  readonly #lines: ConflictLines;
  readonly #places = new Map<string, Places>();
  /** Chaincodes, by channel and name, that have answered: when one is not there, it will be again. */
  readonly #known = new Set<string>();

  constructor({ peers, settings, observer, ordering }: LedgerCallsOptions) {
    this.#peers = peers;
    this.#settings = settings;
    this.#observer = observer;
    this.#ordering = ordering;
    this.#lines = new ConflictLines(settings.queueLimit);
  }

  /**
   * Runs a procedure on the ledger.
   *
   * @returns the answer in its wire form.
   * @throws OrchestrationError, MessageTooLargeError, UnavailableError
   */
  async run(call: LedgerCall): Promise<Uint8Array> {
    const { procedure, request, caller, signal, deadlineMs } = call;
    const connection = this.#peers.require(caller.mspid);
    const { requestId, idempotencyKey } = caller;
    const isWrite = procedure.kind === 'write';
    const argument = formatInvocation({ procedure, request, requestId, idempotencyKey: isWrite ? idempotencyKey : undefined });
    checkSize(argument);
    const budget = new CallBudget({ signal, deadlineMs, timeoutMs: this.#settings.timeoutMs });
    try {
      const attempt = { call, connection, argument, budget };
      const answer = isWrite ? await this.#write(attempt) : await this.#read(attempt);
      this.#known.add(chaincodeId(call));
      this.#observer.finished(procedure, 'committed');
      return answer;
    } catch (error) {
      this.#observer.finished(procedure, isRefusal(error) ? 'refused' : 'failed');
      throw error;
    }
  }

  #read(attempt: Attempt): Promise<Uint8Array> {
    return this.#throughOutages(attempt, async () => {
      using _place = await this.#enter(attempt);
      const { call, connection, argument, budget } = attempt;
      await this.#caughtUp(attempt);
      this.#observer.attempted(call.procedure);
      const contract = contractOf(call, connection);
      const proposal = contract.newProposal(call.procedure.method, { arguments: [argument] });
      return this.#readAnswer(call.procedure, await proposal.evaluate({ deadline: budget.deadlineMs }));
    });
  }

  async #write(attempt: Attempt): Promise<Uint8Array> {
    const { call, budget } = attempt;
    using stack = new DisposableStack();
    const lines = linesOf(call.procedure, call.request, this.#plans).map((line) => `${chaincodeId(call)}/${line}`);
    let turn = this.#lines.isClosed(lines) ? stack.use(await this.#lines.enter(lines, budget)) : undefined;
    for (let conflicts = 1; ; conflicts += 1) {
      const outcome = await this.#throughOutages(attempt, () => this.#transact(attempt));
      if (outcome.kind === 'committed') {
        this.#committed(attempt, outcome);
        return outcome.answer;
      }
      this.#observer.conflicted();
      if (outcome.reason === 'disagreement' && conflicts >= MAX_DISAGREEMENTS) throw outcome.error;
      await budget.pause(outcome.error);
      turn ??= stack.use(await this.#lines.enter(lines, budget));
      if (conflicts >= CONFLICTS_TO_CLOSE) turn.close();
      this.#observer.retried();
    }
  }

  async #transact(attempt: Attempt): Promise<Outcome> {
    const { call, connection, argument, budget } = attempt;
    using _place = await this.#enter(attempt);
    await this.#caughtUp(attempt);
    this.#observer.attempted(call.procedure);
    const transaction = new LedgerTransaction({
      gateway: connection.gateway,
      channel: call.caller.channel,
      contract: contractOf(call, connection),
      method: call.procedure.method,
      argument,
      readAnswer: (result) => this.#readAnswer(call.procedure, result),
      clock: this.#clock,
      budget,
      observer: this.#observer,
    });
    try {
      const outcome = await transaction.run();
      this.#ordering.reached();
      return outcome;
    } catch (error) {
      const failure = classify(error instanceof UnknownFateError ? error.cause : error);
      if (failure?.kind === 'outage' && failure.isOrdererLost === true) {
        this.#ordering.missed({ client: connection.client, channel: call.caller.channel });
      }
      if (error instanceof UnknownFateError) throw error;
      if (failure?.kind === 'conflict') return { kind: 'conflict', reason: 'disagreement', error: failure.error };
      throw error;
    }
  }

  /** Tries a few times while something is out of reach. @throws what the client shall see. */
  async #throughOutages<T>({ call, budget }: Attempt, run: () => Promise<T>): Promise<T> {
    for (let attempts = 1; ; attempts += 1) {
      try {
        return await run();
      } catch (error) {
        const failure = classify(error);
        if (failure === undefined) throw error;
        if (failure.kind === 'absent') throw this.#known.has(chaincodeId(call)) ? goneFor(failure.error) : failure.error;
        if (failure.kind !== 'outage' || attempts >= OUTAGE_ATTEMPTS) throw failure.error;
        await budget.pause(failure.error);
        this.#observer.retried();
      }
    }
  }

  #committed({ call }: Attempt, { blockNumber, transactionId }: Outcome & { readonly kind: 'committed' }): void {
    const { channel, mspid } = call.caller;
    this.#heights.committed(channel, mspid, { blockNumber, transactionId });
    learnFrom(call.procedure, call.request, this.#plans);
  }

  /** @throws MessageTooLargeError for an answer that could not be sent. */
  #readAnswer(procedure: Procedure, result: Uint8Array): Uint8Array {
    const answer = parse(procedure, result);
    const limitBytes = this.#settings.maxAnswerBytes;
    if (answer.length > limitBytes) throw new MessageTooLargeError({ what: 'answer', bytes: answer.length, limitBytes });
    return answer;
  }

  #caughtUp({ call, connection, budget }: Attempt): Promise<void> {
    const { channel, mspid } = call.caller;
    return this.#heights.caughtUp({ channel, mspid, budget }, async (transactionId, deadline) => {
      await askForCommit({ gateway: connection.gateway, channel, transactionId }).getStatus({ deadline });
    });
  }

  #enter({ call, connection, budget }: Attempt): Promise<Disposable> {
    const { maxEvaluates, maxSubmits, queueLimit } = this.#settings;
    const isWrite = call.procedure.kind === 'write';
    const name = `${connection.mspid}/${isWrite ? 'submits' : 'evaluates'}`;
    const known = this.#places.get(name);
    if (known !== undefined) return known.enter(budget);
    const places = new Places({ count: isWrite ? maxSubmits : maxEvaluates, lineLimit: queueLimit, where: 'at the peer' });
    this.#places.set(name, places);
    return places.enter(budget);
  }
}

function contractOf({ procedure, caller, chaincode }: LedgerCall, connection: LedgerPeer) {
  return connection.network(caller.channel).getContract(chaincode, contractName(procedure));
}

function chaincodeId({ caller, chaincode }: LedgerCall): string {
  return `${caller.channel}/${chaincode}`;
}

function checkSize(argument: string): void {
  const bytes = Buffer.byteLength(argument);
  if (bytes > MAX_ARGUMENT_BYTES) throw new MessageTooLargeError({ what: 'request', bytes, limitBytes: MAX_ARGUMENT_BYTES });
}

/** What the chaincode says is no fault of the request. */
function parse(procedure: Procedure, result: Uint8Array): Uint8Array {
  try {
    return parseAnswer(procedure, Buffer.from(result.buffer, result.byteOffset, result.length).toString());
  } catch (error) {
    throw new Error('the answer of the chaincode cannot be read', { cause: error });
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof OrchestrationError || error instanceof MessageTooLargeError;
}

function goneFor({ message }: Error): UnavailableError {
  return new UnavailableError(message.replace(/^OE\d{4}: /, ''));
}
