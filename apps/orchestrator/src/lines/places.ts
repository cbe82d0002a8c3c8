import { UnavailableError } from '../errors.ts';
import { FairQueue } from './fair-queue.ts';

/** Whose call it is, and how long it may wait for a place. */
export interface Patience {
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** In milliseconds since 1970. */
  readonly deadlineMs: number;
  /** Turns go round between owners; calls without one are all of the same. */
  readonly owner?: string;
}

/** Keeps places free for those who come now and then. */
export interface ShareSettings {
  /** How many places one owner may have while another is about. */
  readonly count: number;
  /** How long an owner is about after it came. */
  readonly memoryMs: number;
}

export interface PlacesSettings {
  /** How many may be inside at once. */
  readonly count: number;
  /** How many may wait; one more is refused. */
  readonly lineLimit: number;
  /** What is inside, for sentences: `at the peer`. */
  readonly where: string;
  /** Without it one owner may have all places. */
  readonly share?: ShareSettings | undefined;
  /** Milliseconds of a clock that never goes back; for tests. */
  readonly now?: () => number;
}

/** Longer timers fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

interface Waiting {
  readonly take: () => void;
  readonly quit: (why: string) => void;
}

/** A bounded number of places, with a bounded line before them, fair by owner. */
export class Places {
  readonly #settings: PlacesSettings;
  readonly #line: FairQueue<Waiting>;
  /** How many of each owner are inside. */
  readonly #inside = new Map<string, number>();
  /** When each owner came last, in that order. */
  readonly #seen = new Map<string, number>();
  #taken = 0;

  constructor(settings: PlacesSettings) {
    this.#settings = settings;
    this.#line = new FairQueue(settings.lineLimit);
  }

  /** How many are inside. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length;
  }

  /**
   * Waits for a place. In a full line the owner that has most in it makes room for one that has less.
   *
   * @returns what gives the place back when it is disposed of.
   * @throws UnavailableError when the line is full, the caller has gone or the time is over.
   */
  async enter(patience: Patience): Promise<Disposable> {
    const { owner = '' } = patience;
    this.notice(owner);
    // Those who wait are there because they may not enter: whoever may is ahead of none that could go.
    if (this.#taken < this.#settings.count && !this.#line.has(owner) && this.#mayEnter(owner)) this.#add(owner);
    else await this.#wait(owner, patience);
    let isInside = true;
    return {
      [Symbol.dispose]: () => {
        if (isInside) this.#leave(owner);
        isInside = false;
      },
    };
  }

  /** An owner is about, although it does not want a place now. */
  notice(owner: string): void {
    if (this.#settings.share === undefined) return;
    this.#seen.delete(owner);
    this.#seen.set(owner, this.#now());
  }

  #leave(owner: string): void {
    this.#taken -= 1;
    const left = (this.#inside.get(owner) ?? 1) - 1;
    if (left === 0) this.#inside.delete(owner);
    else this.#inside.set(owner, left);
    this.#letIn();
  }

  #letIn(): void {
    while (this.#taken < this.#settings.count) {
      const next = this.#line.take((owner) => this.#mayEnter(owner));
      if (next === undefined) return;
      this.#add(next.owner);
      next.item.take();
    }
  }

  #add(owner: string): void {
    this.#taken += 1;
    this.#inside.set(owner, (this.#inside.get(owner) ?? 0) + 1);
  }

  #mayEnter(owner: string): boolean {
    const { share } = this.#settings;
    return share === undefined || !this.#hasCompany(share) || (this.#inside.get(owner) ?? 0) < share.count;
  }

  /** Whether more than one owner is about. */
  #hasCompany({ memoryMs }: ShareSettings): boolean {
    const since = this.#now() - memoryMs;
    for (const [owner, atMs] of this.#seen) {
      if (atMs >= since) break;
      this.#seen.delete(owner);
    }
    return this.#seen.size > 1;
  }

  #now(): number {
    return this.#settings.now?.() ?? performance.now();
  }

  #makeRoom(owner: string): void {
    if (!this.#line.isFull) return;
    const why = `too many requests wait ${this.#settings.where}, try again later`;
    const excess = this.#line.findExcess(owner);
    if (excess === undefined) throw new UnavailableError(why);
    excess.quit(why);
  }

  #wait(owner: string, { signal, deadlineMs }: Patience): Promise<void> {
    this.#makeRoom(owner);
    return new Promise((resolve, reject) => {
      const quit = (why: string): void => {
        leave();
        this.#line.remove(owner, waiting);
        reject(new UnavailableError(why));
      };
      const onAbort = (): void => quit('the caller has gone');
      const timer = setTimeout(
        () => quit(`the request waited too long ${this.#settings.where}, try again later`),
        Math.min(Math.max(deadlineMs - Date.now(), 0), MAX_TIMER_MS),
      );
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
      };
      const take = (): void => {
        leave();
        resolve();
      };
      const waiting: Waiting = { take, quit };
      this.#line.add(owner, waiting);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }
}
