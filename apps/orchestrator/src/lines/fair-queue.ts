/** What is taken out of a queue. */
export interface Taken<T> {
  readonly owner: string;
  readonly item: T;
}

/** What waits, by owner: each owner gets a turn before one gets its second, and each one's own order is kept. */
export class FairQueue<T> {
  readonly #limit: number;
  /** The map's order is the order of turns. */
  readonly #waiting = new Map<string, Set<T>>();
  #length = 0;

  /** @param limit how much may wait. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  get isFull(): boolean {
    return this.#length >= this.#limit;
  }

  /** Whose turn is next; undefined when nothing waits. */
  get nextOwner(): string | undefined {
    const [owner] = this.#waiting.keys();
    return owner;
  }

  /** Whether something of this owner waits. */
  has(owner: string): boolean {
    return this.#waiting.has(owner);
  }

  /** Puts something behind the others of its owner. @throws Error when the queue is full. */
  add(owner: string, item: T): void {
    if (this.isFull) throw new Error('a full queue takes nothing');
    const own = this.#waiting.get(owner);
    if (own === undefined) this.#waiting.set(owner, new Set([item]));
    else own.add(item);
    this.#length += 1;
  }

  /**
   * What could make room for an owner in a full queue: the last thing of whoever has most in it. Otherwise one owner
   * could keep all the others out.
   *
   * @returns undefined when nobody has at least two more than this owner: then it has its part.
   */
  findExcess(owner: string): T | undefined {
    const own = this.#waiting.get(owner)?.size ?? 0;
    let most: ReadonlySet<T> = new Set();
    for (const items of this.#waiting.values()) if (items.size > most.size) most = items;
    return most.size >= own + 2 ? [...most].at(-1) : undefined;
  }

  /** Takes what is next. @param mayGo which owners come into question; the others keep their place. */
  take(mayGo: (owner: string) => boolean = () => true): Taken<T> | undefined {
    for (const [owner, items] of this.#waiting) {
      if (!mayGo(owner)) continue;
      const [item] = items;
      if (item === undefined) throw new Error('an owner in the queue has something in it');
      this.remove(owner, item);
      if (items.size > 0) {
        // Behind the others for its next turn.
        this.#waiting.delete(owner);
        this.#waiting.set(owner, items);
      }
      return { owner, item };
    }
    return undefined;
  }

  /** Takes something out of turn. @returns whether it was there. */
  remove(owner: string, item: T): boolean {
    const own = this.#waiting.get(owner);
    if (own === undefined || !own.delete(item)) return false;
    if (own.size === 0) this.#waiting.delete(owner);
    this.#length -= 1;
    return true;
  }
}
