import type { Instant } from '@orchestrator/lib';

/** The kinds of assets, which are also their `doc_type`. */
export type AssetName =
  | 'computeplan'
  | 'computetask'
  | 'datamanager'
  | 'datasample'
  | 'failurereport'
  | 'function'
  | 'model'
  | 'organization'
  | 'performance';

const SEPARATOR = '~';
/** Comes after everything that keys are made of, which is printable ASCII. */
const BEYOND = '\x7f';
const INSTANT_DIGITS = 18;
/** The first instant that does not fit, in the year 33,658: no transaction has one after 9999. */
const INSTANT_LIMIT = 10n ** BigInt(INSTANT_DIGITS);
/** Longer names would make keys that some state databases refuse; nobody has them. */
const MAX_ENCODED_LENGTH = 1000;
const ENTRY_END = /~(\d{18})~([^~]+)(?:~(\d{6}))?$/;
const CHUNK_DIGITS = 6;

/** The state key of an asset. Its parts are keys of assets, or `encodePart` of other text. */
export function assetKey(kind: AssetName, ...parts: readonly string[]): string {
  return `${kind}:${parts.join(':')}`;
}

/**
 * Any text as a part of a key, percent-encoded but for letters, digits, `_`, `.` and `-`.
 *
 * @returns undefined for text that is longer than any that is stored.
 */
export function encodePart(text: string): string | undefined {
  let encoded = '';
  for (const byte of Buffer.from(text, 'utf8')) {
    const char = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9_.-]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    if (encoded.length > MAX_ENCODED_LENGTH) return undefined;
  }
  return encoded;
}

/** The beginning of an index's keys. */
export function indexPrefix(...parts: readonly string[]): string {
  return `${parts.join(SEPARATOR)}${SEPARATOR}`;
}

/** An instant whose text sorts as it does. */
export function formatInstant(instant: Instant): string {
  return String(instant).padStart(INSTANT_DIGITS, '0');
}

/** An instant whose text sorts the other way round; its own inverse. */
export function invertInstant(instant: Instant): Instant {
  return INSTANT_LIMIT - 1n - instant;
}

/** When an entry of an index was written, and by which transaction. */
export interface EntryPlace {
  readonly instant: Instant;
  readonly txId: string;
}

/** The key of what one transaction adds to an index; of what does not fit into one value the chunks, counted from 0. */
export function entryKey(prefix: string, { instant, txId }: EntryPlace, chunk = 0): string {
  const key = `${prefix}${formatInstant(instant)}${SEPARATOR}${txId}`;
  return chunk === 0 ? key : `${key}${SEPARATOR}${String(chunk).padStart(CHUNK_DIGITS, '0')}`;
}

export function parseEntryKey(key: string): EntryPlace {
  const [, instant, txId] = ENTRY_END.exec(key) ?? [];
  if (instant === undefined || txId === undefined) throw new Error(`not the key of an index entry: ${key}`);
  return { instant: BigInt(instant), txId };
}

/** The keys of an index, from an instant on. */
export function indexRange(prefix: string, from?: Instant): { readonly start: string; readonly end: string } {
  const start = from === undefined || from < 0n ? prefix : `${prefix}${formatInstant(from)}`;
  return { start, end: `${prefix}${BEYOND}` };
}
