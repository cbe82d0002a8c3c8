import type { FairQueue } from '../../lines/fair-queue.ts';

/**
 * Requests that share a transaction, taken out of a line one by one: it is open while it runs, so that who comes
 * meanwhile does not wait for all of it.
 *
 * It is filled in rounds, each organization that waits getting one turn in each. Once an organization in it has nothing
 * more to do, the group ends with the round: what others still want would only hold up its answers.
 */
export class OpenGroup<T> {
  readonly #line: FairQueue<T>;
  readonly #size: number;
  readonly #members = new Set<string>();
  readonly #round = new Set<string>();
  #count = 0;
  #isComplete = false;

  /** @param size how many it takes at most. */
  constructor(line: FairQueue<T>, size: number) {
    this.#line = line;
    this.#size = size;
  }

  /** Whether somebody waits who may come into it. */
  get hasMore(): boolean {
    return !this.#isComplete && this.#count < this.#size && this.#line.length > 0;
  }

  /** Takes the next one; undefined when the group is complete, from then on for good. */
  next(): T | undefined {
    this.#isComplete ||= !this.#mayGrow();
    const taken = this.#isComplete ? undefined : this.#line.take();
    if (taken === undefined) return undefined;
    this.#members.add(taken.owner);
    this.#round.add(taken.owner);
    this.#count += 1;
    return taken.item;
  }

  #mayGrow(): boolean {
    const { nextOwner } = this.#line;
    if (nextOwner === undefined || this.#count >= this.#size) return false;
    if (!this.#round.has(nextOwner)) return true;
    // The round is over: all who wait have had their turn.
    for (const member of this.#members) if (!this.#line.has(member)) return false;
    this.#round.clear();
    return true;
  }
}
