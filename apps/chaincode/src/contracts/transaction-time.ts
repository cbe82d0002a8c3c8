import { badRequest, type Instant } from '@orchestrator/lib';

/** The time in a proposal, as the shim gives it: `seconds` is a 64-bit integer of a library. */
export interface ProposalTime {
  readonly seconds: { toString(): string };
  readonly nanos: number;
}

const MICROS_PER_SECOND = 1_000_000n;
const NANOS_PER_MICRO = 1000;
/** 10000-01-01T00:00:00Z: protobuf has no later time. */
const LIMIT = 253_402_300_800_000_000n;

/**
 * The transaction time. Clients choose it and no peer checks it, so it can be anything.
 *
 * @throws OrchestrationError OE0003 for a time before 1970 or after 9999, and without one.
 */
export function transactionInstant(readTime: () => ProposalTime): Instant {
  const instant = microsOf(readTime);
  if (instant === undefined || instant < 0n || instant >= LIMIT) {
    throw badRequest('the time of the transaction proposal is not between the years 1970 and 9999');
  }
  return instant;
}

function microsOf(readTime: () => ProposalTime): Instant | undefined {
  try {
    const { seconds, nanos } = readTime();
    return BigInt(seconds.toString()) * MICROS_PER_SECOND + BigInt(Math.floor(nanos / NANOS_PER_MICRO));
  } catch {
    // The shim itself trips over a proposal without a time.
    return undefined;
  }
}
