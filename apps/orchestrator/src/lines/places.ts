import { UnavailableError } from '../../errors.ts';

/** How long somebody may wait for a place. */
export interface Patience {
  /** Aborted when the caller has gone. */
  readonly signal: AbortSignal;
  /** In milliseconds since 1970. */
  readonly deadlineMs: number;
}

export interface PlacesSettings {
  /** How many may be inside at once. */
  readonly count: number;
  /** How many may wait; one more is refused. */
  readonly lineLimit: number;
  /** What is inside, for sentences: `at the peer`. */
  readonly where: string;
}

/** A bounded number of places, with a bounded line before them: first come, first served. */
export class Places {
  readonly #settings: PlacesSettings;
  readonly #line = new Set<() => void>();
  #taken = 0;

  constructor(settings: PlacesSettings) {
    this.#settings = settings;
  }

  /** How many are inside. */
  get taken(): number {
    return this.#taken;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.size;
  }

  /**
   * Waits for a place.
   *
   * @returns what gives the place back when it is disposed of.
   * @throws UnavailableError when the line is full, the caller has gone or the time is over.
   */
  async enter(patience: Patience): Promise<Disposable> {
    const { count, lineLimit, where } = this.#settings;
    if (this.#taken < count && this.#line.size === 0) this.#taken += 1;
    else if (this.#line.size < lineLimit) await this.#wait(patience);
    else throw new UnavailableError(`too many requests wait ${where}, try again later`);
    let isInside = true;
    return {
      [Symbol.dispose]: () => {
        if (isInside) this.#leave();
        isInside = false;
      },
    };
  }

  #leave(): void {
    const [next] = this.#line;
    // The place goes from hand to hand: it is never free while somebody waits.
    if (next === undefined) this.#taken -= 1;
    else next();
  }

  #wait({ signal, deadlineMs }: Patience): Promise<void> {
    return new Promise((resolve, reject) => {
      const quit = (why: string): void => {
        leave();
        reject(new UnavailableError(why));
      };
      const onAbort = (): void => quit('the caller has gone');
      const timer = setTimeout(
        () => quit(`the request waited too long ${this.#settings.where}, try again later`),
        Math.max(deadlineMs - Date.now(), 0),
      );
      const take = (): void => {
        leave();
        resolve();
      };
      const leave = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        this.#line.delete(take);
      };
      this.#line.add(take);
      signal.addEventListener('abort', onAbort, { once: true });
      if (signal.aborted) onAbort();
    });
  }
}
