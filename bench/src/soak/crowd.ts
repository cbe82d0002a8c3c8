import { setTimeout as sleep } from 'node:timers/promises';
import { Reference } from '../client/reference.ts';
import { nowMs } from '../process/clock.ts';
import type { ReachJob, Sightings, SubscribeJob, SubscriberKind } from './jobs.ts';
import { Subscriber, type SubscriberListener } from './subscriber.ts';

/** Half of all read as fast as they can. */
const KINDS: readonly SubscriberKind[] = ['steady', 'slow', 'steady', 'cut', 'steady', 'slow', 'steady', 'frozen'];

const TICK_MS = 250;
/** Of the ticks of a slow one only every so many lets it read on, and a cut one is cut. */
const SLOW_TICKS = 40;
const CUT_TICKS = 40;
/** Slow ones that have to arrive at the end. */
const HURRYING = 10;
const KEPT_FAULTS = 10;
const CONNECT_ATTEMPTS = 10;
const REFUSED_PAUSE_MS = 1000;
const POLL_MS = 50;

/** The subscribers of a soak. */
export class Crowd implements AsyncDisposable {
  readonly #subscribers: Subscriber[] = [];
  readonly #references: readonly Reference[];
  readonly #faults: string[] = [];
  #faultCount = 0;
  #deliveries = 0;
  #slowDeliveries = 0;
  #cuts = 0;
  #refusals = 0;
  #ticks = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Those that are coming back. */
  readonly #returning = new Set<Promise<void>>();

  private constructor(job: SubscribeJob) {
    this.#references = job.channels.map(() => new Reference());
    for (let index = 0; index < job.subscribers; index += 1) this.#subscribers.push(this.#create(job, index));
  }

  /** Opens all of them; resolves when the server has accepted each. */
  static async open(job: SubscribeJob): Promise<Crowd> {
    const crowd = new Crowd(job);
    for (const subscriber of crowd.#subscribers) await subscriber.open();
    for (const subscriber of crowd.#of('frozen')) subscriber.freeze();
    crowd.#timer = setInterval(() => crowd.#tick(), TICK_MS);
    return crowd;
  }

  /** How many there are of each kind. */
  get counts(): Readonly<Record<SubscriberKind, number>> {
    const count = (kind: SubscriberKind): number => this.#of(kind).length;
    return { steady: count('steady'), slow: count('slow'), cut: count('cut'), frozen: count('frozen') };
  }

  /** Waits until those that read and come back have all events up to the given ones. */
  async reach({ ids, isLast, timeoutMs }: ReachJob): Promise<Sightings> {
    const expected = isLast ? this.#lastOnes() : [...this.#of('steady'), ...this.#of('cut')];
    if (isLast) await this.#settle(expected);
    const deadlineMs = nowMs() + timeoutMs;
    const isLate = (subscriber: Subscriber): boolean => !this.#hasReached(subscriber, ids);
    while (expected.some(isLate) && nowMs() < deadlineMs) await sleep(POLL_MS);
    return {
      deliveries: this.#deliveries,
      slowDeliveries: this.#slowDeliveries,
      cuts: this.#cuts,
      refusals: this.#refusals,
      faultCount: this.#faultCount,
      faults: this.#faults,
      late: expected.filter(isLate).map(({ isConnected, kind, place }) => `${kind} at ${place}${isConnected ? '' : ', not connected'}`),
      heads: isLast ? this.#references.map(({ heads }) => heads) : [],
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await Promise.all(this.#returning);
    await Promise.all(this.#subscribers.map((subscriber) => subscriber.leave()));
  }

  #create({ address, channels }: SubscribeJob, index: number): Subscriber {
    const kind = KINDS[index % KINDS.length] ?? 'steady';
    const channel = Math.floor(index / KINDS.length) % channels.length;
    const [headers, reference] = [channels[channel], this.#references[channel]];
    if (headers === undefined || reference === undefined) throw new Error('a soak needs a channel');
    const listener: SubscriberListener = {
      delivered: (whose) => this.#delivered(whose),
      failed: (why) => this.#failed(why),
      refused: (subscriber) => {
        this.#refusals += 1;
        this.#return(sleep(REFUSED_PAUSE_MS), subscriber);
      },
    };
    return new Subscriber({ kind, address, headers, reference, listener });
  }

  #of(kind: SubscriberKind): readonly Subscriber[] {
    return this.#subscribers.filter((subscriber) => subscriber.kind === kind);
  }

  #lastOnes(): readonly Subscriber[] {
    return [...this.#of('steady'), ...this.#of('cut'), ...this.#of('slow').slice(0, HURRYING)];
  }

  /** Nobody is cut any more, and those who have to arrive do not wait. */
  async #settle(expected: readonly Subscriber[]): Promise<void> {
    clearInterval(this.#timer);
    // Somebody who has come back may have been refused, and come back once more.
    while (this.#returning.size > 0) await Promise.all(this.#returning);
    for (const subscriber of expected) if (subscriber.kind === 'slow') subscriber.readOn({ hurries: true });
  }

  #hasReached({ place, reference }: Subscriber, ids: readonly string[]): boolean {
    const id = ids[this.#references.indexOf(reference)] ?? '';
    if (id === '') return true;
    const last = reference.placeOf(id);
    return last >= 0 && place > last;
  }

  #tick(): void {
    this.#ticks += 1;
    for (const [index, subscriber] of this.#subscribers.entries()) {
      const turn = this.#ticks + index;
      if (subscriber.kind === 'slow' && turn % SLOW_TICKS === 0) subscriber.readOn({ hurries: false });
      if (subscriber.kind === 'cut' && turn % CUT_TICKS === 0 && subscriber.isConnected) this.#cut(subscriber);
    }
  }

  #cut(subscriber: Subscriber): void {
    this.#cuts += 1;
    this.#return(subscriber.leave(), subscriber);
  }

  #return(after: Promise<void>, subscriber: Subscriber): void {
    const returned = after
      .then(() => this.#comeBack(subscriber))
      .catch((error: unknown) => this.#failed(String(error)))
      .finally(() => this.#returning.delete(returned));
    this.#returning.add(returned);
  }

  /** The machine may be too busy to connect in time, which is not the server's fault. */
  async #comeBack(subscriber: Subscriber): Promise<void> {
    for (let left = CONNECT_ATTEMPTS; ; left -= 1) {
      try {
        return await subscriber.open();
      } catch (error) {
        if (left === 0) throw error;
        await sleep(POLL_MS);
      }
    }
  }

  #delivered(kind: SubscriberKind): void {
    this.#deliveries += 1;
    if (kind === 'slow') this.#slowDeliveries += 1;
  }

  #failed(why: string): void {
    this.#faultCount += 1;
    if (this.#faults.length < KEPT_FAULTS) this.#faults.push(why);
  }
}
