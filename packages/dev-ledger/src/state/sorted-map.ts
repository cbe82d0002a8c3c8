const MAX_BLOCK = 1024;

/** A key in the order of its UTF-8 bytes: JavaScript compares UTF-16, which sorts U+E000 to U+FFFF after the supplementary planes. */
export function orderKey(key: string): string {
  return /[\u0080-\uffff]/.test(key) ? Buffer.from(key, 'utf8').toString('latin1') : key;
}

/**
 * A map whose keys can be walked in the order of their code units. Lookups are those of a Map; the order is kept in
 * blocks of at most 1,024 keys, so that an insertion moves few of them however many there are.
 */
export class SortedMap<V> {
  readonly #values = new Map<string, V>();
  #blocks: string[][] = [];
  /** Changes with every key that comes or goes: a walk then finds its place again. */
  #shape = 0;

  get size(): number {
    return this.#values.size;
  }

  get(key: string): V | undefined {
    return this.#values.get(key);
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  set(key: string, value: V): void {
    if (!this.#values.has(key)) this.#insert(key);
    this.#values.set(key, value);
  }

  delete(key: string): boolean {
    if (!this.#values.delete(key)) return false;
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) return true;
    block.splice(lowerBound(block, key), 1);
    if (block.length === 0) this.#blocks.splice(at, 1);
    this.#shape += 1;
    return true;
  }

  /** Walks from the first key that is not below `start`. Keys that come or go meanwhile are noticed. */
  walk(start: string): () => readonly [string, V] | undefined {
    let place = this.#locate(start, { after: false });
    let last = start;
    let started = false;
    return () => {
      if (place.shape !== this.#shape) place = this.#locate(last, { after: started });
      const block = this.#blocks[place.block];
      if (block !== undefined && place.offset >= block.length) place = { ...place, block: place.block + 1, offset: 0 };
      const key = this.#blocks[place.block]?.[place.offset];
      const value = key === undefined ? undefined : this.#values.get(key);
      if (key === undefined || value === undefined) return undefined;
      place.offset += 1;
      [last, started] = [key, true];
      return [key, value];
    };
  }

  /** The place of the first key not below this one, or not up to it. */
  #locate(key: string, { after }: { readonly after: boolean }): { readonly shape: number; readonly block: number; offset: number } {
    const block = this.#blockOf(key);
    const keys = this.#blocks[block] ?? [];
    const offset = lowerBound(keys, key);
    return { shape: this.#shape, block, offset: after && keys[offset] === key ? offset + 1 : offset };
  }

  #insert(key: string): void {
    this.#shape += 1;
    const at = this.#blockOf(key);
    const block = this.#blocks[at];
    if (block === undefined) {
      this.#blocks.push([key]);
      return;
    }
    const offset = lowerBound(block, key);
    if (offset === block.length) block.push(key);
    else block.splice(offset, 0, key);
    if (block.length > MAX_BLOCK) this.#blocks.splice(at + 1, 0, block.splice(block.length >> 1));
  }

  /** The first block that has a key not below this one, or the last. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#blocks[middle]?.at(-1) ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
