import { type Cursor, type Instant, badPageToken } from '@orchestrator/lib';

/** Where a row stands in a listing: its creation date, then texts by their UTF-8 bytes. */
export interface Rank {
  readonly instant: Instant;
  readonly texts: readonly string[];
}

const INSTANT = /^\d{1,18}$/;

/** Compares texts by their UTF-8 bytes; code units would put some astral characters elsewhere. */
export function compareUtf8(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export function compareRanks(a: Rank, b: Rank): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1;
  for (const [index, text] of a.texts.entries()) {
    const order = compareUtf8(text, b.texts[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

export function formatRank(rank: Rank): Cursor {
  return [String(rank.instant), ...rank.texts];
}

/**
 * The rank that a cursor stands for.
 *
 * @param textCount how many texts a rank of this listing has.
 * @throws OrchestrationError OE0003 for a cursor of another form.
 */
export function parseRank(cursor: Cursor, textCount: number): Rank {
  const [instant, ...texts] = cursor;
  if (instant === undefined || !INSTANT.test(instant) || texts.length !== textCount) throw badPageToken();
  if (!isKey(texts[0])) throw badPageToken();
  return { instant: BigInt(instant), texts };
}

/** The first text of every rank is an asset's key. */
function isKey(text: string | undefined): boolean {
  return text !== undefined && /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);
}
