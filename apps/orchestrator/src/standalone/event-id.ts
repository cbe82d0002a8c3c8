import { randomBytes } from 'node:crypto';

const POOL_BYTES = 8192;
const RANDOM_BYTES = 10;
const MICROS_PER_MILLI = 1000n;

let pool = randomBytes(POOL_BYTES);
let used = 0;

function nextRandom(): Buffer {
  if (used + RANDOM_BYTES > POOL_BYTES) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += RANDOM_BYTES;
  return pool.subarray(used - RANDOM_BYTES, used);
}

/**
 * A new event id: a UUID of version 7. Its time comes first, so that the index on ids grows at one end.
 *
 * @param instant the transaction time in microseconds since 1970.
 */
export function newEventId(instant: bigint): string {
  const time = (instant / MICROS_PER_MILLI).toString(16).padStart(12, '0');
  const random = nextRandom();
  random[0] = ((random[0] ?? 0) & 0x0f) | 0x70;
  random[2] = ((random[2] ?? 0) & 0x3f) | 0x80;
  const tail = random.toString('hex');
  return `${time.slice(0, 8)}-${time.slice(8)}-${tail.slice(0, 4)}-${tail.slice(4, 8)}-${tail.slice(8)}`;
}
