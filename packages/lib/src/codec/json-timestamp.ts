import type { Timestamp } from '../gen/google/protobuf/timestamp.ts';

const NANOS_PER_SECOND = 1_000_000_000;
const RFC_3339 = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,9}))?(?:Z|([+-])(\d{2}):(\d{2}))$/u;
const MILLIS_PER_SECOND = 1000;
const MILLIS_PER_MINUTE = 60_000;
const FIRST_YEAR_MILLIS = -62_135_596_800_000;
const LAST_YEAR_MILLIS = 253_402_300_799_000;

/**
 * A time in RFC 3339, in UTC, with 0, 3, 6 or 9 digits behind the seconds.
 *
 * @throws Error outside of the years 1 to 9999, and for nanoseconds that are none.
 */
export function formatTimestamp({ seconds, nanos }: Timestamp): string {
  const millis = Number(seconds) * MILLIS_PER_SECOND;
  if (millis < FIRST_YEAR_MILLIS || millis > LAST_YEAR_MILLIS || nanos < 0 || nanos >= NANOS_PER_SECOND) {
    throw new Error('a time is not between the years 1 and 9999');
  }
  const text = new Date(millis).toISOString();
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/(?:000){1,2}$/u, '')}`;
  return `${text.slice(0, 'YYYY-MM-DDTHH:mm:ss'.length)}${fraction}Z`;
}

/** The time that a text in RFC 3339 names, undefined for any other text and outside of the years 1 to 9999. */
export function readTimestamp(text: string): Timestamp | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[7] ?? '';
  const millis = utcMillis(parts.slice(1, 7).map(Number));
  if (millis === undefined) return undefined;
  const offset = offsetMinutes(parts[8], Number(parts[9] ?? 0), Number(parts[10] ?? 0));
  if (offset === undefined) return undefined;
  const utc = millis - offset * MILLIS_PER_MINUTE;
  if (utc < FIRST_YEAR_MILLIS || utc > LAST_YEAR_MILLIS) return undefined;
  return { seconds: BigInt(utc / MILLIS_PER_SECOND), nanos: Number(fraction.padEnd(9, '0')) };
}

/** Milliseconds of a date that exists: Date itself would make the 1st of March of a 30th of February. */
function utcMillis([year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0]: readonly number[]): number | undefined {
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  return exists ? date.getTime() : undefined;
}

function offsetMinutes(sign: string | undefined, hours: number, minutes: number): number | undefined {
  if (hours > 23 || minutes > 59) return undefined;
  const offset = hours * 60 + minutes;
  return sign === '-' ? -offset : offset;
}
