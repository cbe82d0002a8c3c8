import { orderKey } from './sorted-map.ts';

/** One write of a key by a valid transaction. */
export interface HistoryEntry {
  readonly transactionId: string;
  /** A google.protobuf.Timestamp: what the client wrote into its proposal. */
  readonly timestamp: { readonly seconds: number; readonly nanos: number } | undefined;
  /** Undefined for a deletion. */
  readonly value: Uint8Array | undefined;
  readonly block: number;
}

/** Every value that the keys of a channel ever had. */
export class History {
  readonly #entries = new Map<string, HistoryEntry[]>();

  add(namespace: string, key: string, entry: HistoryEntry): void {
    const id = idOf(namespace, key);
    const entries = this.#entries.get(id);
    if (entries === undefined) this.#entries.set(id, [entry]);
    else entries.push(entry);
  }

  /** Newest first, of the blocks below `height`. */
  *of(namespace: string, key: string, height: number): Generator<HistoryEntry, undefined> {
    const entries = this.#entries.get(idOf(namespace, key)) ?? [];
    for (let at = entries.length - 1; at >= 0; at -= 1) {
      const entry = entries[at];
      if (entry !== undefined && entry.block < height) yield entry;
    }
    return undefined;
  }
}

function idOf(namespace: string, key: string): string {
  return `${namespace}\u0000${orderKey(key)}`;
}
