import type { Group } from './channel-line.ts';

/**
 * The tickets of one group in the order of their turns. Each walk over them begins with those that were taken before, for
 * a retry, and goes on with those that can still be taken.
 */
export class Boarding<T> {
  readonly #group: Group<T>;
  readonly #onTaken: (ticket: T) => void;
  readonly #tickets: T[] = [];

  /** @param onTaken hears of each ticket once, when its turn has come. */
  constructor(group: Group<T>, onTaken: (ticket: T) => void) {
    this.#group = group;
    this.#onTaken = onTaken;
    this.#take();
  }

  /** Those that were taken so far: at least the first. */
  get tickets(): readonly T[] {
    return this.#tickets;
  }

  /** Whether there is only one, as far as is known now. */
  get isAlone(): boolean {
    return this.#tickets.length === 1 && !this.#group.hasMore;
  }

  /** Takes all that can be taken now: they then share what becomes of the group. */
  fill(): void {
    while (this.#take() !== undefined);
  }

  /**
   * All that can go together now, again and again, until nobody can be taken any more.
   *
   * @param mayGoTogether those for whom this is not so go by themselves.
   */
  *batches(mayGoTogether: (ticket: T) => boolean): Generator<readonly T[]> {
    let next = 0;
    const peek = (isOpen: boolean): T | undefined => this.#tickets[next] ?? (isOpen ? this.#take() : undefined);
    for (let first = peek(true); first !== undefined; first = peek(true)) {
      const batch = [first];
      next += 1;
      while (mayGoTogether(first)) {
        // Asking a group that has nobody would close it for those who come meanwhile.
        const other = peek(this.#group.hasMore);
        if (other === undefined || !mayGoTogether(other)) break;
        batch.push(other);
        next += 1;
      }
      yield batch;
    }
  }

  #take(): T | undefined {
    const ticket = this.#group.next();
    if (ticket === undefined) return undefined;
    this.#tickets.push(ticket);
    this.#onTaken(ticket);
    return ticket;
  }
}

/** A group of one, which nobody else comes into. */
export function groupOfOne<T>(ticket: T): Group<T> {
  let isTaken = false;
  return {
    hasMore: false,
    next: () => {
      if (isTaken) return undefined;
      isTaken = true;
      return ticket;
    },
  };
}
