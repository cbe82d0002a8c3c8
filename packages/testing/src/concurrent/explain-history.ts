import { Event, procedures, type Timestamp } from '@orchestrator/lib';
import { codecsOf } from '../histories/generator.ts';
import { show } from '../histories/compare.ts';
import { GRPC_STATUS } from '../histories/api.ts';
import { ApiModel, type ModelOutcome } from '../model/api-model.ts';
import { type ConcurrentHistory, type RecordedCall, Unexplained } from './recorded-call.ts';
import { isSame } from './same-message.ts';

const READS: ReadonlySet<string> = new Set(
  procedures.filter(({ kind }) => kind !== 'write').map(({ service, method }) => `${service}/${method}`),
);

/** What a history came to. */
export interface HistoryExplanation {
  readonly transactions: number;
  readonly answered: number;
  readonly refused: number;
  readonly reads: number;
  /** Calls whose clients never heard, by what became of them. */
  readonly unheardCommitted: number;
  readonly unheardAbsent: number;
  /** Refused ones of which an earlier attempt was carried out later. */
  readonly refusedCommitted: number;
  /** The model after all of it. */
  readonly model: ApiModel;
}

/**
 * Explains a history by one order of its calls, that of the event stream: played to the model in this order, the calls
 * make exactly these events, every answer is the model's, what was answered is there once, what was refused is not (but
 * for an attempt that was left open), and what nobody heard of is there as a whole or not at all. Refusals and reads fit a moment between their sending
 * and their answer; no call stands behind one that was sent after its answer.
 *
 * Only procedures that always make events may be among the writing calls.
 *
 * @throws Unexplained at the first thing that does not fit.
 */
export function explainHistory(history: ConcurrentHistory): HistoryExplanation {
  return new Explanation(history).explain();
}

interface Transaction {
  readonly id: string;
  readonly events: readonly Event[];
}

/** A transaction with the call that it comes from. */
interface Placed {
  readonly call: RecordedCall;
  readonly model: ApiModel;
}

class Explanation {
  readonly #history: ConcurrentHistory;
  readonly #transactions: readonly Transaction[];
  /** The calls of the transactions, in their order, each with the model after it. */
  readonly #placed: Placed[] = [];
  readonly #open: Set<RecordedCall>;
  /** What stands in the calls, as text. */
  readonly #texts: ReadonlyMap<RecordedCall, string>;

  constructor(history: ConcurrentHistory) {
    this.#history = history;
    this.#transactions = groupsOf(history);
    this.#open = new Set(history.calls.filter(mayBeCommitted).toSorted(answeredFirst));
    this.#texts = new Map([...this.#open].map((call) => [call, `${call.mspid} ${show(call.request)}`]));
  }

  explain(): HistoryExplanation {
    for (const transaction of this.#transactions) this.#place(transaction);
    const { calls } = this.#history;
    for (const call of this.#open) {
      if (call.outcome.kind === 'answered') throw new Unexplained(`an answered call is not in the event log: ${describe(call)}`);
    }
    this.#checkOrder();
    const reads = calls.filter((call) => !isWrite(call) && call.outcome.kind !== 'unknown');
    const refused = calls.filter((call) => isWrite(call) && call.outcome.kind === 'refused');
    for (const call of [...reads, ...refused]) this.#checkMoment(call);
    const count = (calls: Iterable<RecordedCall>, kind: RecordedCall['outcome']['kind']): number =>
      [...calls].filter(({ outcome }) => outcome.kind === kind).length;
    const placed = this.#placed.map(({ call }) => call);
    return {
      transactions: this.#transactions.length,
      answered: count(placed, 'answered'),
      refused: refused.length,
      reads: reads.length,
      unheardCommitted: count(placed, 'unknown'),
      unheardAbsent: count(this.#open, 'unknown'),
      refusedCommitted: count(placed, 'refused'),
      model: this.#after(this.#placed.length),
    };
  }

  /** Finds the call that a transaction comes from, and plays it to the model. */
  #place({ id, events }: Transaction): void {
    const now = instantOf(id, events);
    const keys = events.flatMap(({ assetKey }) => assetKey.split('|'));
    const tried: string[] = [];
    for (const call of this.#open) {
      const text = this.#texts.get(call) ?? '';
      if (!keys.some((key) => text.includes(key))) continue;
      const model = this.#after(this.#placed.length).fork();
      const outcome = this.#ask(model, call, now);
      const made = model.channel(this.#history.channel).events.slice(this.#eventCount);
      if (!('answer' in outcome) || !isSame(made.map((event) => Event.fromPartial(event)), events)) {
        tried.push(`${describe(call)}, which makes ${show(made)}`);
        continue;
      }
      if (call.outcome.kind === 'answered' && !isAnswer(call, outcome.answer, call.outcome.bytes)) {
        throw new Unexplained(`${describe(call)} was answered ${heard(call)}, not ${show(outcome.answer)}`);
      }
      this.#open.delete(call);
      this.#placed.push({ call, model });
      return;
    }
    throw new Unexplained(`no call explains transaction ${this.#placed.length}, ${show(events)}; tried: ${tried.join('; ')}`);
  }

  /** The model after so many transactions. */
  #after(count: number): ApiModel {
    return this.#placed[count - 1]?.model ?? EMPTY;
  }

  get #eventCount(): number {
    return this.#after(this.#placed.length).channel(this.#history.channel).events.length;
  }

  #ask(model: ApiModel, { mspid, procedure, request }: RecordedCall, now?: Timestamp): ModelOutcome {
    return model.call({ channel: this.#history.channel, mspid, procedure, request, now });
  }

  /** Nothing stands before what was answered before it was sent. */
  #checkOrder(): void {
    let [earliest, answeredCall]: [number, RecordedCall | undefined] = [Infinity, undefined];
    for (const { call } of this.#placed.toReversed()) {
      if (earliest < call.sentAt) {
        throw new Unexplained(`${describe(call)} stands before ${answeredCall === undefined ? '' : describe(answeredCall)}, which was answered before it was sent`);
      }
      if (answeredAt(call) < earliest) [earliest, answeredCall] = [answeredAt(call), call];
    }
  }

  /** A refusal or a read fits the state at some moment while its client waited. */
  #checkMoment(call: RecordedCall): void {
    let [from, to] = [0, 0];
    const isSeen = (other: RecordedCall): boolean => this.#history.visibleAt === 'every-server' || other.mspid === call.mspid;
    for (const [place, { call: other }] of this.#placed.entries()) {
      if (isSeen(other) && answeredAt(other) < call.sentAt) from = Math.max(from, place + 1);
      if (other.sentAt < call.heardAt) to = Math.max(to, place + 1);
    }
    let said: unknown = 'nothing';
    for (let count = from; count <= to; count += 1) {
      const outcome = this.#ask(this.#after(count).fork(), call);
      if (fits(call, outcome)) return;
      said = 'answer' in outcome ? outcome.answer : outcome.refusal.message;
    }
    throw new Unexplained(`${describe(call)} heard ${heard(call)}; at no moment from ${from} to ${to} is it so, in the end ${show(said)}`);
  }
}

const EMPTY = new ApiModel();

function isWrite({ procedure }: RecordedCall): boolean {
  return !READS.has(procedure);
}

/** A write that was answered, or of which nobody knows. */
function mayBeCommitted(call: RecordedCall): boolean {
  return isWrite(call) && (call.outcome.kind !== 'refused' || call.hasOpenAttempt === true);
}

/** From then on its effects are sure to be there; Infinity when nobody heard that they are. */
function answeredAt({ heardAt, outcome }: RecordedCall): number {
  return outcome.kind === 'answered' ? heardAt : Infinity;
}

/** What is sure to be there is looked at first. */
function answeredFirst(a: RecordedCall, b: RecordedCall): number {
  const [left, right] = [answeredAt(a), answeredAt(b)];
  return left === right ? a.sentAt - b.sentAt : left - right;
}

function describe({ mspid, procedure, request }: RecordedCall): string {
  return `${procedure} of ${mspid} with ${show(request)}`;
}

function heard({ procedure, outcome }: RecordedCall): string {
  return show(outcome.kind === 'answered' ? codecsOf(procedure).response.decode(outcome.bytes) : outcome);
}

function fits(call: RecordedCall, wanted: ModelOutcome): boolean {
  const { outcome } = call;
  if ('answer' in wanted) return outcome.kind === 'answered' && isAnswer(call, wanted.answer, outcome.bytes);
  const { code, text } = wanted.refusal;
  if (outcome.kind !== 'refused' || outcome.code !== GRPC_STATUS[code]) return false;
  return outcome.message.startsWith(`${code}: `) && outcome.message.includes(text);
}

function isAnswer({ procedure }: RecordedCall, wanted: object, bytes: Uint8Array): boolean {
  const { response } = codecsOf(procedure);
  return isSame(response.fromPartial(wanted), response.decode(bytes));
}

/** @throws Unexplained unless all events of a transaction have one. */
function instantOf(id: string, events: readonly Event[]): Timestamp | undefined {
  const instants = new Set(events.map(({ timestamp }) => show(timestamp)));
  if (instants.size !== 1) throw new Unexplained(`transaction ${id} has several instants, ${[...instants].join(', ')}`);
  return events[0]?.timestamp;
}

/** @throws Unexplained when an event comes twice, or a transaction's events do not stand together. */
function groupsOf({ events, transactionOf }: ConcurrentHistory): readonly Transaction[] {
  const groups: { readonly id: string; readonly events: Event[] }[] = [];
  const ids = new Set<string>();
  const transactions = new Set<string>();
  for (const event of events) {
    if (ids.has(event.id)) throw new Unexplained(`event ${event.id} comes twice`);
    ids.add(event.id);
    const id = transactionOf(event.id);
    if (groups.at(-1)?.id !== id) {
      if (transactions.has(id)) throw new Unexplained(`the events of transaction ${id} do not stand together`);
      transactions.add(id);
      groups.push({ id, events: [] });
    }
    groups.at(-1)?.events.push(event);
  }
  return groups;
}
