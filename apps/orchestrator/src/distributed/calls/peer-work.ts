import { MessageTooLargeError, parseAnswer, type Procedure } from '@orchestrator/lib';
import { UnavailableError } from '../../errors.ts';
import { traced } from '../../tracing/tracing.ts';
import { ChannelHeights } from './channel-heights.ts';
import { askForCommit } from './commit-status.ts';
import { classify } from './gateway-error.ts';
import {
  type Attempt,
  chaincodeId,
  contractOf,
  type LedgerCallsSettings,
  type LedgerObserver,
  type OrderingObserver,
} from './ledger-call.ts';
import { LedgerClock } from './ledger-clock.ts';
import { LedgerTransaction, type Outcome, UnknownFateError } from './ledger-transaction.ts';
import { Places } from '../../lines/places.ts';

/** What is out of reach is tried for so long, and so often at least: a restart may be over by then. */
const OUTAGE_PATIENCE_MS = 2000;
const OUTAGE_ATTEMPTS = 3;

export interface PeerWorkOptions {
  readonly settings: LedgerCallsSettings;
  readonly observer: LedgerObserver;
  readonly ordering: OrderingObserver;
}

/** The proposals of this server at the peers: so many at once, each tried again while something is out of reach. */
export class PeerWork {
  readonly #settings: LedgerCallsSettings;
  readonly #observer: LedgerObserver;
  readonly #ordering: OrderingObserver;
  readonly #clock = new LedgerClock();
  readonly #heights = new ChannelHeights();
  readonly #places = new Map<string, Places>();
  /** Chaincodes that have answered: when one is not there, it will be again. */
  readonly #known = new Set<string>();

  constructor({ settings, observer, ordering }: PeerWorkOptions) {
    this.#settings = settings;
    this.#observer = observer;
    this.#ordering = ordering;
  }

  /**
   * Asks the peer.
   *
   * @returns the answer in its wire form.
   * @throws what the client shall see, as `transact` does.
   */
  read(attempt: Attempt): Promise<Uint8Array> {
    return this.#throughOutages(attempt, async () => {
      using _place = await this.#enter(attempt);
      const { call, connection, argument, budget } = attempt;
      await this.#caughtUp(attempt);
      this.#observer.attempted(call.procedure);
      const proposal = contractOf(call, connection).newProposal(call.procedure.method, {
        arguments: [argument],
        // Without it the peer asks another organization's when the own chaincode is away: answers that nobody endorsed.
        endorsingOrganizations: [connection.mspid],
      });
      const answer = await traced({ name: 'evaluate' }, () => proposal.evaluate({ deadline: budget.deadlineMs }));
      return this.#readAnswer(call.procedure, answer);
    });
  }

  /**
   * Brings one transaction onto the ledger, or learns that it lost.
   *
   * @throws OrchestrationError, MessageTooLargeError, UnavailableError; UnknownFateError
   */
  transact(attempt: Attempt): Promise<Outcome> {
    return this.#throughOutages(attempt, () => this.#transactOnce(attempt));
  }

  /** Whether a transaction is committed, as far as the peer knows by then. */
  async isCommitted({ call, connection, budget }: Attempt, transactionId: string, timeoutMs: number): Promise<boolean> {
    const commit = askForCommit({ gateway: connection.gateway, channel: call.caller.channel, transactionId });
    const fate = await commit.getStatus({ deadline: budget.within(timeoutMs) }).catch(() => undefined);
    return fate?.successful === true;
  }

  async #transactOnce(attempt: Attempt): Promise<Outcome> {
    const { call, connection, argument, budget } = attempt;
    const { channel, mspid } = call.caller;
    using _place = await this.#enter(attempt);
    await this.#caughtUp(attempt);
    this.#observer.attempted(call.procedure);
    const transaction = new LedgerTransaction({
      gateway: connection.gateway,
      channel,
      contract: contractOf(call, connection),
      method: call.procedure.method,
      argument,
      readAnswer: (result) => this.#readAnswer(call.procedure, result),
      clock: this.#clock,
      budget,
      observer: this.#observer,
    });
    try {
      const outcome = await traced({ name: 'transaction', attributes: { 'orchestrator.chaincode': chaincodeId(call) } }, () => transaction.run());
      this.#ordering.reached();
      if (outcome.kind === 'committed') this.#heights.committed(channel, mspid, outcome);
      return outcome;
    } catch (error) {
      return this.#failed(attempt, error);
    }
  }

  /** @throws the error, when it is no conflict. */
  #failed({ call, connection }: Attempt, error: unknown): Outcome {
    const failure = classify(error instanceof UnknownFateError ? error.cause : error);
    if (failure?.kind === 'outage' && failure.isOrdererLost === true) {
      this.#ordering.missed({ client: connection.client, channel: call.caller.channel });
    }
    if (error instanceof UnknownFateError || failure?.kind !== 'conflict') throw error;
    return { kind: 'conflict', reason: 'disagreement', error: failure.error };
  }

  async #throughOutages<T>({ call, budget }: Attempt, run: () => Promise<T>): Promise<T> {
    const patienceEndMs = performance.now() + OUTAGE_PATIENCE_MS;
    for (let attempts = 1; ; attempts += 1) {
      try {
        const result = await run();
        this.#known.add(chaincodeId(call));
        return result;
      } catch (error) {
        const failure = classify(error);
        if (failure === undefined) throw error;
        if (failure.kind === 'absent') throw this.#known.has(chaincodeId(call)) ? goneFor(failure.error) : failure.error;
        const isOver = attempts >= OUTAGE_ATTEMPTS && performance.now() > patienceEndMs;
        if (failure.kind !== 'outage' || isOver) throw failure.error;
        await budget.pause(failure.error);
        this.#observer.retried();
      }
    }
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

/** What the chaincode says is no fault of the request. */
function parse(procedure: Procedure, result: Uint8Array): Uint8Array {
  try {
    return parseAnswer(procedure, Buffer.from(result.buffer, result.byteOffset, result.length).toString());
  } catch (error) {
    throw new Error('the answer of the chaincode cannot be read', { cause: error });
  }
}

function goneFor({ message }: Error): UnavailableError {
  return new UnavailableError(message.replace(/^OE\d{4}: /, ''));
}
