/** Lets either several readers in or one writer; a writer that waits holds back the readers that come after it. */
export class ReadWriteLock {
  #readers = 0;
  #writing = false;
  readonly #queue: { readonly write: boolean; readonly enter: () => void }[] = [];

  /** Resolves, when the lock is held for reading, to what releases it, once. */
  read(): Promise<() => void> {
    return this.#acquire(false);
  }

  write(): Promise<() => void> {
    return this.#acquire(true);
  }

  async #acquire(write: boolean): Promise<() => void> {
    if (this.#queue.length > 0 || this.#writing || (write && this.#readers > 0)) {
      await new Promise<void>((enter) => this.#queue.push({ write, enter }));
    } else {
      this.#enter(write);
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      if (write) this.#writing = false;
      else this.#readers -= 1;
      this.#admit();
    };
  }

  #enter(write: boolean): void {
    if (write) this.#writing = true;
    else this.#readers += 1;
  }

  #admit(): void {
    for (;;) {
      const next = this.#queue[0];
      if (next === undefined || this.#writing || (next.write && this.#readers > 0)) return;
      this.#queue.shift();
      this.#enter(next.write);
      next.enter();
    }
  }
}
