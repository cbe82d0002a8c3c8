import type { Timestamp } from '../gen/google/protobuf/timestamp.ts';

/** A point in time: microseconds since 1970-01-01T00:00:00Z. Nothing on the wire is finer. */
export type Instant = bigint;

const MICROS_PER_SECOND = 1_000_000n;
const NANOS_PER_MICRO = 1000;

/** The instant as a protobuf timestamp. */
export function toTimestamp(instant: Instant): Timestamp {
  const micros = ((instant % MICROS_PER_SECOND) + MICROS_PER_SECOND) % MICROS_PER_SECOND;
  return { seconds: (instant - micros) / MICROS_PER_SECOND, nanos: Number(micros) * NANOS_PER_MICRO };
}

/** The first instant that is not before the timestamp. */
export function ceilInstant(timestamp: Timestamp): Instant {
  return timestamp.seconds * MICROS_PER_SECOND + BigInt(Math.ceil(timestamp.nanos / NANOS_PER_MICRO));
}

/** The last instant that is not after the timestamp. */
export function floorInstant(timestamp: Timestamp): Instant {
  return timestamp.seconds * MICROS_PER_SECOND + BigInt(Math.floor(timestamp.nanos / NANOS_PER_MICRO));
}

/** The instant of a stored asset's creation date, which every stored asset has. */
export function creationInstant(asset: { readonly creationDate?: Timestamp | undefined }): Instant {
  if (asset.creationDate === undefined) throw new Error('a stored asset has no creation date');
  return floorInstant(asset.creationDate);
}
