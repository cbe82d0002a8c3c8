/** Tag and length of an event's id, and the id. */
const HEAD_BYTES = 38;
const PREFIX_BYTES = 2;

/** What the followers of a channel have to get, each of them at the same place: the first to get there says what. */
export class Reference {
  readonly #heads: Buffer[] = [];

  /** How many places are known. */
  get length(): number {
    return this.#heads.length;
  }

  /** The first bytes of each message, which hold an event's id. */
  get heads(): readonly string[] {
    return this.#heads.map((bytes) => bytes.toString('latin1'));
  }

  /** Whether a message belongs at a place; a gap, a repeat or another order does not. */
  matches(place: number, message: Buffer): boolean {
    const known = this.#heads[place];
    if (known !== undefined) return known.compare(message, 0, known.length) === 0;
    if (place > this.#heads.length) return false;
    this.#heads.push(Buffer.from(message.subarray(0, HEAD_BYTES)));
    return true;
  }

  /** The id of the event at a place; empty where there is none. */
  idAt(place: number): string {
    return this.#heads[place]?.toString('latin1', PREFIX_BYTES) ?? '';
  }

  /** The place of an event; -1 when nobody has got it. The last ones are found soonest. */
  placeOf(id: string): number {
    const bytes = Buffer.from(id, 'latin1');
    return this.#heads.findLastIndex((head) => head.compare(bytes, 0, bytes.length, PREFIX_BYTES) === 0);
  }
}
