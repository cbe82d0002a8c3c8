import { UnavailableError } from '../../errors.ts';
import { FairQueue } from '../../lines/fair-queue.ts';
import { OpenGroup } from './open-group.ts';

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
  /** Takes it out of the line without its turn. */
  readonly quit: (why: string) => void;
  /** It stands in the line no more. */
  readonly leave: () => void;
}

/** The tickets whose turn it is. */
export interface Group<T> {
  /** The next ticket; undefined when there is none for this group any more. */
  next(): T | undefined;
  /** Whether another one waits that may come into the group. */
  readonly hasMore: boolean;
}

const TOO_MANY = 'too many requests wait for this channel, try again later';

/**
 * The line of one channel's writing requests: one group at a time, fair by organization.
 *
 * A group is run by `run`, which must take at least one ticket, and settle each that it takes; the next group starts when
 * `run` returns.
 */
export class ChannelLine<T extends LineTicket> {
  readonly #settings: LineSettings;
  readonly #run: (group: Group<T>) => Promise<void>;
  readonly #waiting: FairQueue<Waiting<T>>;
  #running: Promise<void> | undefined;

  constructor(settings: LineSettings, run: (group: Group<T>) => Promise<void>) {
    this.#settings = settings;
    this.#run = run;
    this.#waiting = new FairQueue(settings.limit);
  }

  /** How many wait. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * Takes a place. In a full line the organization that has most in it makes room for one that has less.
   *
   * @param reject called when the ticket leaves the line without its turn.
   * @throws UnavailableError when the line is full.
   */
  enter(ticket: T, reject: (error: Error) => void): void {
    const { organization, signal } = ticket;
    if (this.#waiting.isFull) {
      const excess = this.#waiting.findExcess(organization);
      if (excess === undefined) throw new UnavailableError(TOO_MANY);
      excess.quit(TOO_MANY);
    }
    const quit = (why: string): void => {
      if (!this.#waiting.remove(organization, waiting)) return;
      leave();
      reject(new UnavailableError(why));
    };
    const onAbort = (): void => quit('the caller has gone');
    const timer = setTimeout(() => quit('the request waited too long for its turn, try again later'), this.#settings.timeoutMs);
    const leave = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    };
    const waiting: Waiting<T> = { ticket, quit, leave };
    signal.addEventListener('abort', onAbort, { once: true });
    this.#waiting.add(organization, waiting);
    if (signal.aborted) onAbort();
    this.#running ??= this.#work();
  }

  /** Resolves when nobody waits and nothing runs. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #work(): Promise<void> {
    // Requests that arrive in the same turn of the event loop may share a group.
    await Promise.resolve();
    while (this.length > 0) await this.#run(this.#openGroup());
    this.#running = undefined;
  }

  #openGroup(): Group<T> {
    const group = new OpenGroup(this.#waiting, this.#settings.groupSize);
    return {
      next: () => {
        const waiting = group.next();
        waiting?.leave();
        return waiting?.ticket;
      },
      get hasMore() {
        return group.hasMore;
      },
    };
  }
}
