import { UnavailableError } from '../../errors.ts';

/** Something that waits for its turn in a channel. */
export interface LineTicket {
  /** Fairness is between organizations: each gets a turn before one gets its second. */
  readonly organization: string;
  /** Aborted when the caller has gone: the ticket leaves the line, unless its turn has come. */
  readonly signal: AbortSignal;
}

/** Settings of a line. */
export interface LineSettings {
  /** Most tickets that wait; one more is refused. */
  readonly limit: number;
  /** Longest wait. */
  readonly timeoutMs: number;
  /** Most tickets of a group. */
  readonly groupSize: number;
}

interface Waiting<T extends LineTicket> {
  readonly ticket: T;
  readonly reject: (error: Error) => void;
  readonly leave: () => void;
}

/**
 * The line of one channel's writing requests: one group at a time, fair by organization.
 *
 * A group is run by `run`, which must settle each of its tickets itself; the next group starts when `run` returns.
 */
export class ChannelLine<T extends LineTicket> {
  readonly #settings: LineSettings;
  readonly #run: (group: readonly T[]) => Promise<void>;
  /** Who waits, by organization; the map's order is the order of turns. */
  readonly #waiting = new Map<string, Waiting<T>[]>();
  #length = 0;
  #running: Promise<void> | undefined;

  constructor(settings: LineSettings, run: (group: readonly T[]) => Promise<void>) {
    this.#settings = settings;
    this.#run = run;
  }

  /** How many wait. */
  get length(): number {
    return this.#length;
  }

  /**
   * Takes a place. `reject` is called when the ticket leaves the line without its turn.
   *
   * @throws UnavailableError when the line is full.
   */
  enter(ticket: T, reject: (error: Error) => void): void {
    if (this.#length >= this.#settings.limit) {
      throw new UnavailableError('too many requests wait for this channel, try again later');
    }
    const quit = (why: string): void => {
      if (this.#remove(waiting)) reject(new UnavailableError(why));
    };
    const onAbort = (): void => quit('the caller has gone');
    const timer = setTimeout(() => quit('the request waited too long for its turn, try again later'), this.#settings.timeoutMs);
    const leave = (): void => {
      clearTimeout(timer);
      ticket.signal.removeEventListener('abort', onAbort);
    };
    const waiting: Waiting<T> = { ticket, reject, leave };
    ticket.signal.addEventListener('abort', onAbort, { once: true });
    this.#add(waiting);
    if (ticket.signal.aborted) onAbort();
    this.#running ??= this.#work();
  }

  /** Resolves when nobody waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    // Requests that arrive in the same turn of the event loop may share a group.
    await Promise.resolve();
    while (this.#length > 0) await this.#run(this.#takeGroup());
    this.#running = undefined;
  }

  #takeGroup(): readonly T[] {
    const group: T[] = [];
    for (const [organization, queue] of this.#waiting) {
      const [next] = queue;
      if (next === undefined || group.length >= this.#settings.groupSize) break;
      this.#remove(next);
      group.push(next.ticket);
      // Behind the others for its next turn, which the walk over the map comes to in this group or a later one.
      this.#waiting.delete(organization);
      if (queue.length > 0) this.#waiting.set(organization, queue);
    }
    return group;
  }

  #add(waiting: Waiting<T>): void {
    const { organization } = waiting.ticket;
    const queue = this.#waiting.get(organization);
    if (queue === undefined) this.#waiting.set(organization, [waiting]);
    else queue.push(waiting);
    this.#length += 1;
  }

  #remove(waiting: Waiting<T>): boolean {
    const { organization } = waiting.ticket;
    const queue = this.#waiting.get(organization);
    const index = queue?.indexOf(waiting) ?? -1;
    if (queue === undefined || index < 0) return false;
    queue.splice(index, 1);
    if (queue.length === 0) this.#waiting.delete(organization);
    this.#length -= 1;
    waiting.leave();
    return true;
  }
}
