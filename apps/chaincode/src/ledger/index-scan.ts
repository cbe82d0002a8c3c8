import { compareRanks, type Instant, type Rank } from '@orchestrator/lib';
import { type EntryPlace, indexRange, parseEntryKey } from './keys.ts';
import type { LedgerTransaction } from './ledger-transaction.ts';

/** What one transaction added to an index. */
export interface ScannedEntry extends EntryPlace {
  readonly key: string;
  /** The number of the first item among all that the transaction added. */
  readonly first: number;
  /** Parsed JSON. */
  readonly items: readonly unknown[];
}

/** Which entries of an index are wanted. */
export interface EntryScan {
  /** Those from this instant on, inclusive; all when absent. */
  readonly from?: Instant | undefined;
  /** See `LedgerTransaction.scan`. */
  readonly maxPageSize?: number;
}

/** The entries of an index in the order of their instants, then transactions, then chunks. */
export async function* scanIndex(
  transaction: LedgerTransaction,
  prefix: string,
  { from, maxPageSize }: EntryScan = {},
): AsyncGenerator<ScannedEntry, void, undefined> {
  const { start, end } = indexRange(prefix, from);
  for await (const { key, text } of transaction.scan(start, end, maxPageSize)) yield parseEntry(key, text);
}

/** An entry from its state value. */
export function parseEntry(key: string, text: string): ScannedEntry {
  const { first = 0, items } = JSON.parse(text) as { readonly first?: number; readonly items: readonly unknown[] };
  return { ...parseEntryKey(key), key, first, items };
}

/** Entries that follow one another and have the same instant, together. */
export async function* groupByInstant<T extends EntryPlace>(
  entries: AsyncIterable<T>,
): AsyncGenerator<readonly [T, ...T[]], void, undefined> {
  let group: [T, ...T[]] | undefined;
  for await (const entry of entries) {
    if (group !== undefined && group[0].instant === entry.instant) {
      group.push(entry);
      continue;
    }
    if (group !== undefined) yield group;
    group = [entry];
  }
  if (group !== undefined) yield group;
}

/** Which ranks of an index are wanted. */
export interface RankScan {
  readonly prefix: string;
  /** Those that come after this one; all when absent. */
  readonly after?: Rank | undefined;
  /** How many texts of an item make its rank: the first ones. One when absent. */
  readonly textCount?: number;
}

/**
 * What an index lists, in the order of rank, each once. The items of the index are texts or lists of texts. Those of
 * one instant are put in order here, since the order of their transactions says nothing.
 */
export async function* scanRanks(
  transaction: LedgerTransaction,
  { prefix, after, textCount = 1 }: RankScan,
): AsyncGenerator<Rank, void, undefined> {
  for await (const group of groupByInstant(scanIndex(transaction, prefix, { from: after?.instant }))) {
    const [{ instant }] = group;
    const ranks = group.flatMap(({ items }) => items.map((item): Rank => ({ instant, texts: textsOf(item).slice(0, textCount) })));
    let last = after;
    for (const rank of ranks.toSorted(compareRanks)) {
      if (last !== undefined && compareRanks(rank, last) <= 0) continue;
      last = rank;
      yield rank;
    }
  }
}

function textsOf(item: unknown): readonly string[] {
  return Array.isArray(item) ? item.map(String) : [String(item)];
}
