import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8192;
const MICROS_PER_MILLI = 1000n;
const NINE = '9'.charCodeAt(0);
const VARIANTS = Buffer.from('89ab');
/** Where the random digits of an id stand, and among them the one that says the variant. */
const VARIANT_PLACE = 19;
const RANDOM_PLACES = [15, 16, 17, VARIANT_PLACE, 20, 21, 22, ...Array.from({ length: 12 }, (_, index) => 24 + index)];

/** The id while it is made, of the instant that is remembered. It leaves no garbage: a batch needs one per event. */
const id = Buffer.from('00000000-0000-7000-8000-000000000000');
let latest: bigint | undefined;

/** Random hexadecimal digits, in ASCII. */
let digits = Buffer.alloc(0);
let used = 0;

function setTime(instant: bigint): void {
  const time = (instant / MICROS_PER_MILLI).toString(16).padStart(12, '0');
  id.write(`${time.slice(0, 8)}-${time.slice(8)}`, 'latin1');
  latest = instant;
}

function nextDigit(): number {
  if (used === digits.length) {
    digits = Buffer.from(randomBytes(POOL_BYTES).toString('hex'), 'latin1');
    used = 0;
  }
  const digit = digits[used] ?? 0;
  used += 1;
  return digit;
}

/** One of four digits, by the lowest bits of the value that a digit stands for. */
function toVariant(digit: number): number {
  return VARIANTS[(digit > NINE ? digit + 1 : digit) & 3] ?? 0;
}

/**
 * A new event id: a UUID of version 7. Its time comes first, so that the index on ids grows at one end.
 *
 * @param instant the transaction time in microseconds since 1970.
 */
export function newEventId(instant: bigint): string {
  if (instant !== latest) setTime(instant);
  for (const place of RANDOM_PLACES) id[place] = nextDigit();
  id[VARIANT_PLACE] = toVariant(id[VARIANT_PLACE] ?? 0);
  return id.toString('latin1');
}
