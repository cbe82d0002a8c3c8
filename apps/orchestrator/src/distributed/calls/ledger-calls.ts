import { formatInvocation, MessageTooLargeError, OrchestrationError } from '@orchestrator/lib';
import { CallBudget } from './call-budget.ts';
import { ConflictLines } from './conflict-lines.ts';
import { isPageParam, readFullPage } from './full-page.ts';
import {
  type Attempt,
  chaincodeId,
  type LedgerCall,
  type LedgerCallsSettings,
  type LedgerObserver,
  type LedgerPeers,
  type OrderingObserver,
} from './ledger-call.ts';
import { UnknownFateError } from './ledger-transaction.ts';
import { PeerWork } from './peer-work.ts';
import { learnFrom, linesOf, TaskPlans } from './touched-lines.ts';
import { type UnheardAnswer, UnheardAnswers } from './unheard-answers.ts';

export interface LedgerCallsOptions {
  readonly peers: LedgerPeers;
  readonly settings: LedgerCallsSettings;
  readonly observer: LedgerObserver;
  readonly ordering: OrderingObserver;
}

/** A call that lost so often lets no newcomer try before it. */
const CONFLICTS_TO_CLOSE = 3;

/** Peers that do not agree so often do not run the same chaincode. */
const MAX_DISAGREEMENTS = 20;

/** A proposal travels twice in an endorsement, whose limit at a peer is 100 MiB. */
const MAX_ARGUMENT_BYTES = 48 * 1024 * 1024;

/** How long the fate of an earlier transaction is waited for: shortly at first, and longer where the answer hangs on it. */
const EARLIER_GLANCE_MS = 300;
const EARLIER_LOOK_MS = 2000;

/** Turns calls into evaluations and transactions of the chaincode. */
export class LedgerCalls {
  readonly #peers: LedgerPeers;
  readonly #settings: LedgerCallsSettings;
  readonly #observer: LedgerObserver;
  readonly #work: PeerWork;
  readonly #plans = new TaskPlans();
  readonly #lines: ConflictLines;
  readonly #unheard = new UnheardAnswers();

  constructor({ peers, settings, observer, ordering }: LedgerCallsOptions) {
    this.#peers = peers;
    this.#settings = settings;
    this.#observer = observer;
    this.#work = new PeerWork({ settings, observer, ordering });
    this.#lines = new ConflictLines(settings.queueLimit);
  }

  /**
   * Runs a procedure on the ledger.
   *
   * @returns the answer in its wire form.
   * @throws OrchestrationError, MessageTooLargeError, UnavailableError
   */
  async run(call: LedgerCall): Promise<Uint8Array> {
    const { procedure, signal, deadlineMs, caller } = call;
    const connection = this.#peers.require(caller.mspid);
    const budget = new CallBudget({ signal, deadlineMs, timeoutMs: this.#settings.timeoutMs });
    const attempt: Attempt = { call, connection, argument: formatArgument(call), budget };
    try {
      const answer = procedure.kind === 'write' ? await this.#write(attempt) : await this.#read(attempt);
      this.#observer.finished(procedure, 'committed');
      return answer;
    } catch (error) {
      this.#observer.finished(procedure, isRefusal(error) ? 'refused' : 'failed');
      throw error;
    }
  }

  /** Reads, again and again where the chaincode cuts a listing's page short. */
  #read(attempt: Attempt): Promise<Uint8Array> {
    const { call, budget } = attempt;
    const { request } = call;
    if (!isPageParam(request)) return this.#work.read(attempt);
    let longestMs = 0;
    return readFullPage({
      request,
      isLate: () => call.signal.aborted || budget.remainingMs < 2 * longestMs,
      read: async (page) => {
        const startMs = performance.now();
        const answer = await this.#work.read({ ...attempt, argument: formatArgument({ ...call, request: page }) });
        longestMs = Math.max(longestMs, performance.now() - startMs);
        return answer;
      },
    });
  }

  /** Writes, unless the same request is found to have been carried out before without its client having heard. */
  async #write(attempt: Attempt): Promise<Uint8Array> {
    const { call } = attempt;
    const earlier = this.#unheard.find(call);
    const before = await this.#earlierAnswer(attempt, earlier, EARLIER_GLANCE_MS);
    if (before !== undefined) return before;
    try {
      return await this.#writeAnew(attempt);
    } catch (error) {
      if (error instanceof UnknownFateError) this.#unheard.remember(call, error.pending);
      // What was refused may be refused because of the earlier success.
      const meanwhile = isRefusal(error) ? await this.#earlierAnswer(attempt, earlier, EARLIER_LOOK_MS) : undefined;
      if (meanwhile === undefined) throw error;
      return meanwhile;
    }
  }

  async #earlierAnswer(
    attempt: Attempt,
    earlier: readonly UnheardAnswer[],
    timeoutMs: number,
  ): Promise<Uint8Array | undefined> {
    for (const { transactionId, answer } of earlier) {
      if (!(await this.#work.isCommitted(attempt, transactionId, timeoutMs))) continue;
      this.#unheard.forget(attempt.call);
      return answer;
    }
    return undefined;
  }

  async #writeAnew(attempt: Attempt): Promise<Uint8Array> {
    const { call, budget } = attempt;
    using stack = new DisposableStack();
    const lines = linesOf(call.procedure, call.request, this.#plans).map((line) => `${chaincodeId(call)}/${line}`);
    let turn = this.#lines.isClosed(lines) ? stack.use(await this.#lines.enter(lines, budget)) : undefined;
    for (let conflicts = 1; ; conflicts += 1) {
      const startMs = performance.now();
      const outcome = await this.#work.transact(attempt);
      if (outcome.kind === 'committed') {
        this.#observer.changed(call.caller.channel, outcome.events);
        learnFrom(call.procedure, call.request, this.#plans);
        if (call.signal.aborted) this.#unheard.remember(call, outcome);
        return outcome.answer;
      }
      this.#observer.conflicted();
      if (outcome.reason === 'disagreement' && conflicts >= MAX_DISAGREEMENTS) throw outcome.error;
      // An attempt that would be cut short might be carried out and nobody would know.
      if (budget.remainingMs < performance.now() - startMs) throw outcome.error;
      await budget.pause(outcome.error);
      turn ??= stack.use(await this.#lines.enter(lines, budget));
      if (conflicts >= CONFLICTS_TO_CLOSE) turn.close();
      this.#observer.retried();
    }
  }
}

/** @throws MessageTooLargeError for a request that no peer would take. */
function formatArgument({ procedure, request, caller }: LedgerCall): string {
  const { requestId } = caller;
  const idempotencyKey = procedure.kind === 'write' ? caller.idempotencyKey : undefined;
  const argument = formatInvocation({ procedure, request, requestId, idempotencyKey });
  const bytes = Buffer.byteLength(argument);
  if (bytes > MAX_ARGUMENT_BYTES) throw new MessageTooLargeError({ what: 'request', bytes, limitBytes: MAX_ARGUMENT_BYTES });
  return argument;
}

function isRefusal(error: unknown): boolean {
  return error instanceof OrchestrationError || error instanceof MessageTooLargeError;
}
