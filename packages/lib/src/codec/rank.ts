import { isUuid } from '../assets/checks.ts';
import type { Instant } from '../time/instant.ts';
import { badPageToken, type Cursor } from './page.ts';

/** Where a listed thing stands: its creation date, then texts by their UTF-8 bytes, the first of them an asset's key. */
export interface Rank {
  readonly instant: Instant;
  readonly texts: readonly string[];
}

const INSTANT = /^(?:0|[1-9]\d{0,17})$/;

/** Compares well-formed texts by their UTF-8 bytes, as every store does. Negative when `a` comes first. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  let index = 0;
  while (index < length && a.charCodeAt(index) === b.charCodeAt(index)) index += 1;
  if (index === length) return a.length - b.length;
  return byteOrder(a.charCodeAt(index)) - byteOrder(b.charCodeAt(index));
}

/** Surrogates stand for characters behind U+FFFF, whose bytes come after those of all other code units. */
function byteOrder(codeUnit: number): number {
  return codeUnit >= 0xd800 && codeUnit <= 0xdfff ? codeUnit + 0x10000 : codeUnit;
}

/** Negative when `a` comes first. */
export function compareRanks(a: Rank, b: Rank): number {
  if (a.instant !== b.instant) return a.instant < b.instant ? -1 : 1;
  for (const [index, text] of a.texts.entries()) {
    const order = compareUtf8(text, b.texts[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/** The cursor of a page that ends with this rank. */
export function formatRank({ instant, texts }: Rank): Cursor {
  return [String(instant), ...texts];
}

/**
 * The rank after which a page begins; undefined for the first page.
 *
 * @param textCount how many texts a rank of this listing has.
 * @throws OrchestrationError OE0003 for a cursor that no such listing returned.
 */
export function parseRank(cursor: Cursor | undefined, textCount = 1): Rank | undefined {
  if (cursor === undefined) return undefined;
  const [instant = '', ...texts] = cursor;
  if (texts.length !== textCount || !isUuid(texts[0] ?? '')) throw badPageToken();
  return { instant: parseInstant(instant), texts };
}

/** The instant that begins a cursor. @throws OrchestrationError OE0003 */
export function parseInstant(text: string): Instant {
  if (!INSTANT.test(text)) throw badPageToken();
  return BigInt(text);
}
