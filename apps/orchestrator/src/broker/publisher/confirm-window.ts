interface Entry {
  readonly position: bigint;
  readonly sizeBytes: number;
  isConfirmed: boolean;
}

/**
 * The events that were sent and that the broker has not confirmed, in their order. Confirms may come in any order; the
 * cursor may follow only up to the first event that lacks its own.
 */
export class ConfirmWindow {
  /** Without the confirmed ones at its front, but for `#first` of them. */
  #entries: Entry[] = [];
  #first = 0;
  #bytes = 0;
  #confirmed: bigint;

  /** @param position where the broker has confirmed up to. */
  constructor(position: bigint) {
    this.#confirmed = position;
  }

  /** Everything up to this position is confirmed. */
  get confirmed(): bigint {
    return this.#confirmed;
  }

  /** Events that wait for a confirm, or for one of an event before them. */
  get count(): number {
    return this.#entries.length - this.#first;
  }

  /** The size of their bodies. */
  get bytes(): number {
    return this.#bytes;
  }

  /** @returns what the event's confirm is to be told to. */
  add(position: bigint, sizeBytes: number): () => void {
    const entry: Entry = { position, sizeBytes, isConfirmed: false };
    this.#entries.push(entry);
    this.#bytes += sizeBytes;
    return () => {
      entry.isConfirmed = true;
      this.#advance();
    };
  }

  #advance(): void {
    for (let entry = this.#entries[this.#first]; entry?.isConfirmed === true; entry = this.#entries[this.#first]) {
      this.#confirmed = entry.position;
      this.#bytes -= entry.sizeBytes;
      this.#first += 1;
    }
    // Not each time: taking the front off an array costs its length.
    if (this.#first * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#first);
    this.#first = 0;
  }
}
